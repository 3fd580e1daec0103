#!/usr/bin/env bash
# The build stage of kata/rootfs/Dockerfile: leaves /out with the guest image, what was done to it, and a static cp.
set -euo pipefail
cd /context
die() { echo "make-image.sh: $*" >&2; exit 1; }
export PATH=$PATH:/usr/sbin:/sbin

# Packages whose program is missing.
need() {
  command -v "$1" >/dev/null || missing+=("${@:2}")
}
missing=()
need debugfs e2fsprogs
need sfdisk fdisk
need busybox busybox-static
[[ -f guest.image ]] || need curl curl ca-certificates
[[ -f guest.image ]] || need zstd zstd xz-utils
if ((${#missing[@]} > 0)); then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

if [[ ! -f guest.image ]]; then
  [[ ${KATA_VERSION:-} =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "KATA_VERSION=${KATA_VERSION:-}: name a release, such as 3.28.0"
  [[ ${KATA_SHA256:-} =~ ^[0-9a-f]{64}$ ]] || die "KATA_SHA256 is missing: the release's page lists the digest of its archive"
  releases=https://github.com/kata-containers/kata-containers/releases/download
  archive=kata-static-$KATA_VERSION-$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/').tar
  # Older releases compressed with xz.
  curl -fsSL --retry 3 -o archive "$releases/$KATA_VERSION/$archive.zst" || curl -fsSL --retry 3 -o archive "$releases/$KATA_VERSION/$archive.xz"
  echo "$KATA_SHA256  archive" | sha256sum --check --quiet
  mkdir kata
  tar -xf archive -C kata --wildcards '*/share/kata-containers/kata-*-confidential.image'
  mapfile -t found < <(find kata -type f -name 'kata-*-confidential.image')
  ((${#found[@]} == 1)) || die "the archive has ${#found[@]} confidential images: ${found[*]}"
  mv "${found[0]}" guest.image
fi

mkdir -p /out/bin
arguments=(--policy policy.rego)
[[ ! -f nono ]] || arguments+=(--nono nono)
[[ ! -f kernel-verity-params ]] || arguments+=(--kernel-verity-params "$(<kernel-verity-params)")
./node ./kubefence kata image inject guest.image --output /out/kata-containers-confidential.image "${arguments[@]}" --json | tee /out/injected.json
cp "$(command -v busybox)" /out/bin/cp
