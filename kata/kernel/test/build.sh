#!/usr/bin/env bash
# Builds the kernel of `make kata-kernel-test` from Debian's newest linux-source, with landlock.conf and configure.sh as for a
# Kata kernel, and prints the directory with vmlinux and config. Built once (about 10 CPU-minutes) for each source package
# and recipe; kept in $KUBEFENCE_CACHE/kernels. Needs no root where the packages below are installed.
set -euo pipefail
cd "$(dirname "$0")/../../.."
packages=(bc bison flex gcc libelf-dev make xz-utils)
tools/install-debian-packages.sh "${packages[@]}" >&2
[[ $(uname -m) == x86_64 ]] || { echo "kata/kernel/test/build.sh: for x86_64 only" >&2; exit 1; }

source=$(apt-cache pkgnames linux-source- | grep -Ex 'linux-source-[0-9]+\.[0-9]+' | sort -V | tail -n 1)
[[ -n $source ]] || { echo "kata/kernel/test/build.sh: apt knows no linux-source package; add Debian's archive and run apt-get update" >&2; exit 1; }
version=$(apt-cache policy "$source" | awk '$1 == "Candidate:" { print $2 }')
recipe=$(cat kata/kernel/landlock.conf kata/kernel/configure.sh kata/kernel/test/guest.conf kata/kernel/test/build.sh | sha256sum | cut -c1-16)
kernels=${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}/kernels
kept=$kernels/guest-${source#linux-source-}-$version-$recipe
if [[ ! -f $kept/vmlinux ]]; then
  mkdir -p "$kernels"
  work=$(mktemp -d "$kernels/build.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "==> a guest kernel from $source $version (10 CPU-minutes, once)" >&2
  # apt drops its rights to a user who may not write here, and says so on standard error.
  (cd "$work" && apt-get download -q "$source" && dpkg-deb -x ./*.deb .) >&2
  mkdir "$work/linux" "$work/kept"
  tar -xf "$work/usr/src/$source.tar.xz" --strip-components=1 -C "$work/linux"

  # How an option is lost: the original's fragment alone, on a configuration without CONFIG_SECURITY.
  make -C "$work/linux" --quiet tinyconfig >&2
  echo CONFIG_SECURITY_LANDLOCK=y >>"$work/linux/.config"
  make -C "$work/linux" --quiet olddefconfig >&2
  cp "$work/linux/.config" "$work/kept/config-lost"

  make -C "$work/linux" --quiet tinyconfig >&2
  kata/kernel/configure.sh "$work/linux" kata/kernel/test/guest.conf kata/kernel/landlock.conf
  nice -n 10 make -C "$work/linux" --quiet -j"$(nproc)" vmlinux >&2
  cp "$work/linux/vmlinux" "$work/kept/vmlinux"
  cp "$work/linux/.config" "$work/kept/config"
  rm -rf "$kept"
  mv "$work/kept" "$kept"
fi
echo "$kept"
