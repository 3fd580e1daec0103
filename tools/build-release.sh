#!/usr/bin/env bash
# Builds what a node gets into build/: the plugin and the CLI as one file each, the launcher and
# the OCI runtime wrapper, the compiled profiles and seccomp policies, seccomp-probe.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
echo "==> plugin build/10-nono-nri";  npm run --silent build -w packages/plugin
echo "==> command line build/kubefence"; npm run --silent build -w packages/cli
echo "==> launcher build/nono, OCI runtime build/nono-runc, seccomp policies and tools"; native/build.sh
for program in nono nono-runc shim seccomp-probe seccomp-actor; do install -m 0755 "${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}/bin/$program" "build/$program"; done
rm -rf build/seccomp; install -d build/seccomp; install -m 0644 "${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}"/bin/seccomp/*.bpf build/seccomp/
rm -rf build/profiles; install -d build/profiles; build/kubefence profile compile --builtin -o build/profiles >/dev/null
# Only for profile_set = "nono"; without a registry the rest is of use all the same.
rm -rf build/profiles-nono
if data=$(tools/nono-data.sh); then install -d build/profiles-nono; build/kubefence profile compile --nono-builtin --nono-data "$data" -o build/profiles-nono >/dev/null 2>&1
else echo "not built: build/profiles-nono (profile_set = \"nono\"), nono's crate cannot be fetched" >&2; fi
