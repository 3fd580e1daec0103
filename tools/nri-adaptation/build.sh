#!/usr/bin/env bash
# Builds main.go once for each version of the official NRI runtime library that has a .mod file here, into
# ${KUBEFENCE_CACHE:-~/.cache/kubefence}/bin/nri-adaptation-VERSION. Quick when nothing changed: Go's cache knows.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
bin=${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}/bin
export CGO_ENABLED=0 GOWORK=off
mkdir -p "$bin"
for modfile in *.mod; do
  version=$(awk '{ sub(/^require /, "") } $1 == "github.com/containerd/nri" { sub(/^v/, "", $2); print $2 }' "$modfile")
  nice go build -modfile="$modfile" -mod=readonly -trimpath -ldflags '-s -w' -o "$bin/nri-adaptation-$version" .
  echo "nri-adaptation $version: $bin/nri-adaptation-$version"
done
