#!/usr/bin/env bash
# SPDX documents: of the image (Debian's packages and Node, per architecture that the layout has) and of what is compiled and
# bundled into our programs (package-lock.json, native/Cargo.lock), which a scan of the image cannot see.
set -euo pipefail
cd "$(dirname "$0")/.."
syft=$(release/tool.sh syft)
export SYFT_CHECK_FOR_APP_UPDATE=false
mkdir -p build/release
sources=$(mktemp -d)
trap 'rm -rf "$sources"' EXIT
cp package-lock.json "$sources/"
cp native/Cargo.lock "$sources/"
"$syft" scan --quiet "dir:$sources" --source-name kubefence --source-version "$(release/version.sh)" --output spdx-json=build/release/sources.spdx.json
[ ! -d build/release/image ] || "$syft" scan --quiet oci-dir:build/release/image --output spdx-json=build/release/image.spdx.json
ls build/release/*.spdx.json
