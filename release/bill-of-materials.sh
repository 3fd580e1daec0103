#!/usr/bin/env bash
# SPDX documents: of the image for each architecture (Debian's packages and Node) and of what is compiled and
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
list() { # source, file, further arguments: the file is there when it is complete
  "$syft" scan --quiet "$1" --output "spdx-json=$sources/unfinished" "${@:3}"
  mv "$sources/unfinished" "build/release/$2"
  echo "build/release/$2"
}
list "dir:$sources" sources.spdx.json --source-name kubefence --source-version "$(release/version.sh)"
for layout in build/release/image-*/; do
  [ ! -d "$layout" ] || list "oci-dir:$layout" "$(basename "$layout").spdx.json"
done
