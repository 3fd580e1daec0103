#!/usr/bin/env bash
# Installs the Debian packages that building and testing need, and those named as arguments: only what is missing, and says
# so. Needs root.
set -euo pipefail

packages=(
  ca-certificates  # the Go and npm clients
  gcc              # runc is built with cgo
  libc6-dev
  libseccomp-dev   # runc's seccomp support
  pkg-config
  iproute2         # end-to-end: the node's network namespace
  conmon           # end-to-end: what calls the OCI runtime under CRI-O
  crun             # end-to-end: the other OCI runtime
  busybox-static   # end-to-end: the busybox image
  mmdebstrap       # end-to-end: the Debian image; the image's base without a registry
  buildah          # the image, where there is no docker daemon
  musl-tools       # end-to-end: the musl image, static test programs
  strace           # benchmark: records the rules that the launcher adds; end-to-end: what it reads
  qemu-system-x86  # end-to-end: the launcher on Linux 6.1
  cpio             # end-to-end: that machine's root
  e2fsprogs        # Kata images: debugfs, e2fsck
  fdisk            # Kata images: sfdisk
  cryptsetup-bin   # end-to-end: veritysetup, on those images
  systemd          # end-to-end: containerd as its unit
  g++              # fuzz: libFuzzer
  shellcheck       # end-to-end: the scripts of deploy/kind and contrib
  "$@"
)

missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi
if ((EUID != 0)); then
  echo "Debian packages are missing: ${missing[*]}. Run as root: apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "Installing Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get update -q && apt-get install -q -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "apt-get could not install: ${missing[*]} (its last lines are above)" >&2
  exit 1
fi
