#!/usr/bin/env bash
# Makes a base for images/Dockerfile from Debian packages, for machines without an image registry (`make image-base`).
# No maintainer script runs, so another architecture needs no emulator.
#
#   images/base.sh NAME [ARCH [PACKAGE...]]     the local image NAME, for amd64 or arm64, with further Debian packages (contrib/ needs
#                                               some); made again only when the recipe changes
set -euo pipefail
cd "$(dirname "$0")"
. ./tool.sh
name=$1
arch=${2:-$(dpkg --print-architecture)}
further=("${@:3}")
suite=bookworm
packages=base-files,base-passwd,dash,coreutils,findutils,grep,libstdc++6,util-linux # util-linux: nsenter, for the node set-up
for package in "${further[@]}"; do packages+=",$package"; done

mirror=$(apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "Debian" && $2 !~ /-/ { print $3; exit }')
[ -n "$mirror" ] || { echo "images/base.sh: apt on this machine knows no Debian archive; add one and run apt-get update" >&2; exit 1; }
recipe=$(sha256sum base.sh | cut -c1-16)
which=$(IFS=-; echo "base-$arch${further[*]:+-${further[*]}}")
tar=$cache/images/$which-$recipe.tar
if [ ! -f "$tar" ]; then
  echo "==> a Debian userland for $arch from packages"
  mkdir -p "$cache/images"
  nice mmdebstrap --quiet --mode=root --variant=extract --architectures="$arch" --include="$packages" \
    --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/gcc/*' --dpkgopt='path-exclude=/usr/lib/*/gconv/*' \
    --dpkgopt='path-exclude=/usr/share/go-*/test/*' --dpkgopt='path-exclude=/usr/share/go-*/src/cmd/*' --dpkgopt='path-exclude=/usr/lib/go-*/pkg/*/cmd/*' \
    --extract-hook='for file in passwd group; do cp "$1/usr/share/base-passwd/$file.master" "$1/etc/$file"; done' \
    "$suite" "$tar.unfinished.tar" "$mirror"
  tar --delete --file "$tar.unfinished.tar" ./etc/apt # which mirror this machine has is no business of the image
  rm -f "$cache/images/$which"-????????????????.tar # of older recipes
  mv "$tar.unfinished.tar" "$tar"
fi
if tool_is_docker; then
  docker import --platform "linux/$arch" "$tar" "$name" >/dev/null
else
  container=$(buildah from --arch "$arch" scratch)
  buildah add --quiet "$container" "$tar" / >/dev/null
  buildah config --arch "$arch" --os linux "$container"
  buildah commit --quiet --rm "$container" "$name" >/dev/null
fi
echo "$name ($arch)"
