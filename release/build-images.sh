#!/usr/bin/env bash
# The image for amd64 and arm64 as one OCI layout, build/release/image. buildah makes it, in CI as here.
#   BASE=…                 images/Dockerfile says what it must have; a registry's image is pinned to its digest of now
#   NONO_UPSTREAM=true     adds upstream nono, of this machine only: the layout then has one architecture
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(release/version.sh)
export IMAGE_TOOL=buildah
. images/tool.sh
crane=$(release/tool.sh crane)
base=${BASE:-docker.io/library/debian:trixie-slim}
case $base in
  localhost/*) digest= ;;
  *) base=$("$crane" digest --full-ref "$base"); digest=${base#*@} ;;
esac
repository=${GITHUB_REPOSITORY:+https://github.com/$GITHUB_REPOSITORY}
LABELS="org.opencontainers.image.version=$version
org.opencontainers.image.revision=$(git rev-parse HEAD)
org.opencontainers.image.source=${repository:-$(sed -n 's/^  "repository": "\(.*\)",$/\1/p' package.json)}
org.opencontainers.image.base.digest=$digest"
export LABELS
machine=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
architectures=(amd64 arm64)
[ "${NONO_UPSTREAM:-false}" = false ] || architectures=("$machine")
list=localhost/kubefence/release:$version
buildah manifest rm "$list" >/dev/null 2>&1 || true
buildah manifest create "$list" >/dev/null
for arch in "${architectures[@]}"; do
  name=localhost/kubefence/release-$arch
  if [[ $base == localhost/* ]]; then # made here, one for each architecture
    images/base.sh "$base-$machine" "$machine" >/dev/null
    images/base.sh "$base-$arch" "$arch" >/dev/null
    BASE=$base-$arch BUILD_BASE=$base-$machine images/build.sh "$name" "$arch"
  else
    BASE=$base images/build.sh "$name" "$arch"
  fi
  buildah manifest add "$list" "$name" >/dev/null
  # By itself as well: what lists an image's content reads no layout of several.
  rm -rf "build/release/image-$arch"
  mkdir -p build/release
  buildah push --quiet "$name" "oci:build/release/image-$arch:$version" >/dev/null
done
rm -rf build/release/image
buildah manifest push --quiet --all "$list" "oci:build/release/image:$version" >/dev/null
buildah manifest rm "$list" >/dev/null
echo "build/release/image: ${architectures[*]}"
