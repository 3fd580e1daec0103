#!/usr/bin/env bash
# build/release/SHA256SUMS: every file that is attached to the release.
set -euo pipefail
cd "$(dirname "$0")/../build/release"
shopt -s nullglob
files=(*.tar.gz *.tgz *.spdx.json)
[ ${#files[@]} -gt 0 ] || { echo "release/checksums.sh: build/release has nothing to attach: run 'make release-artifacts' first" >&2; exit 1; }
sha256sum "${files[@]}" | tee SHA256SUMS
