#!/usr/bin/env bash
# Prints the version to release: VERSION (a tag, with or without its v), or the one in package.json.
# Refuses what is no version, and a tag that says another version than the sources: the programs print theirs.
set -euo pipefail
cd "$(dirname "$0")/.."
sources=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' packages/plugin/package.json)
version=${VERSION:-$sources}
version=${version#v}
if ! [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]]; then
  echo "release/version.sh: VERSION is $(printf %q "$version"): a version is X.Y.Z or X.Y.Z-PRERELEASE" >&2
  exit 1
fi
if [ "$version" != "$sources" ]; then
  echo "release/version.sh: VERSION is $version, packages/plugin/package.json says $sources: raise the sources first" >&2
  exit 1
fi
echo "$version"
