#!/usr/bin/env bash
# Builds what a node gets into build/: the plugin and the CLI as one file each, the launcher, the compiled profiles.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
echo "==> plugin build/10-nono-nri";  npm run --silent build -w packages/plugin
echo "==> command line build/kubefence"; npm run --silent build -w packages/cli
echo "==> launcher build/nono"; native/build.sh
install -m 0755 "${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}/bin/nono" build/nono
rm -rf build/profiles; install -d build/profiles; install -m 0644 profiles/generated/*.json build/profiles/
