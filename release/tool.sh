#!/usr/bin/env bash
# Prints the path of a program of tools/, built if it is not yet:   release/tool.sh crane
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh "$1" >&2
cache=${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}
version=$(tools/build.sh --version "$1")
echo "$cache/bin/$1-$version/$1"
