# What .github/workflows run to publish; each works on a developer's machine too. The scripts read their settings from the
# environment (VERSION, OWNER, REGISTRY ...), never from make's variables, which would expand what they hold.

.PHONY: release-archives release-images release-sbom release-checksums release-artifacts
release-archives: build ## what a node gets, for amd64 and arm64, in build/release
	@release/build-archives.sh
release-images: build ## the image for amd64 and arm64 as an OCI layout, build/release/image; BASE as for docker-build
	@tools/install-debian-packages.sh
	@release/build-images.sh
release-sbom: node_modules/.setup ## SPDX documents of the sources and of build/release/image, if it is there
	@release/bill-of-materials.sh
release-checksums: ## SHA256SUMS of what is in build/release
	@release/checksums.sh
release-artifacts: release-archives release-images release-sbom npm-pack ## all that a release consists of, in build/release; publishes nothing
	@cp build/npm/*.tgz build/release/
	@$(MAKE) --no-print-directory release-checksums

.PHONY: publish-images publish-chart publish-npm publish-signatures
publish-images: ## push build/release/image to REGISTRY (ghcr.io) of OWNER, both names, all tags
	@release/push-images.sh
publish-chart: ## push the chart to oci://REGISTRY/OWNER/charts
	@release/push-chart.sh
publish-npm: ## publish the packed SDK with provenance (in a workflow that npm trusts)
	@release/push-npm.sh
publish-signatures: ## sign what was pushed, and SHA256SUMS
	@release/sign.sh

.PHONY: publish-kata-kernel publish-kata-rootfs
publish-kata-kernel: ## build and push Kata's guest kernel for KATA_VERSION, if its parts changed since the last time
	@tools/install-debian-packages.sh
	@release/publish-kata.sh kernel
publish-kata-rootfs: build ## the same for Kata's guest image with our policy
	@tools/install-debian-packages.sh
	@release/publish-kata.sh rootfs

.PHONY: lint-workflows
lint-workflows: ## actionlint and zizmor over .github/workflows, shellcheck over every script
	@release/lint-workflows.sh

.PHONY: test-release
test-release: node_modules/.setup ## what the workflows publish with, against a registry on this machine (builds cosign the first time)
	@tools/build.sh crane helm cosign
	vitest run --project release
