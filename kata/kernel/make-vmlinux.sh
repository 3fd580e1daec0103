#!/usr/bin/env bash
# The build stage of kata/kernel/Dockerfile: leaves /out with vmlinux, its config, and a static cp.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
die() { echo "make-vmlinux.sh: $*" >&2; exit 1; }
case $(uname -m) in
  x86_64) target=vmlinux ;;
  aarch64) target=arch/arm64/boot/Image ;; # what Kata installs as vmlinux there
  *) die "$(uname -m): x86_64 or aarch64" ;;
esac
case ${SOURCE:=kata} in
  kata) [[ ${KATA_VERSION:-} =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "KATA_VERSION=${KATA_VERSION:-}: name a release, such as 3.28.0" ;;
  debian) [[ $(uname -m) == x86_64 ]] || die "SOURCE=debian: for x86_64 only" ;;
  *) die "SOURCE=$SOURCE: kata or debian" ;;
esac

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends bc bison busybox-static ca-certificates curl flex gcc git kmod libc6-dev \
  libelf-dev libssl-dev make patch perl python3 python3-yaml xz-utils

# Linux with Kata's patches and configuration, by Kata's own script.
kata() {
  curl -fsSL --retry 3 -o /kata.tar.gz "https://github.com/kata-containers/kata-containers/archive/refs/tags/$KATA_VERSION.tar.gz"
  echo "Kata's source archive: $(sha256sum /kata.tar.gz)"
  [[ -z ${KATA_SHA256:-} ]] || echo "$KATA_SHA256  /kata.tar.gz" | sha256sum --check --quiet
  mkdir /kata
  tar -xzf /kata.tar.gz --strip-components=1 -C /kata
  local version
  version=$(python3 -c 'import sys, yaml; print(yaml.safe_load(sys.stdin)["assets"]["kernel"]["version"].removeprefix("v"))' </kata/versions.yaml)
  echo "Kata $KATA_VERSION has Linux $version"
  (cd /kata/tools/packaging/kernel && ./build-kernel.sh -a "$(uname -m)" -v "$version" -k /linux setup)
  fragments=("$here/landlock.conf")
}

debian() {
  local source
  source=$(apt-cache pkgnames linux-source- | grep -Ex 'linux-source-[0-9]+\.[0-9]+' | sort -V | tail -n 1)
  (cd /tmp && apt-get download -q "$source" && dpkg-deb -x ./linux-source-*.deb /source)
  mkdir /linux
  tar -xf "/source/usr/src/$source.tar.xz" --strip-components=1 -C /linux
  make -C /linux --quiet tinyconfig
  fragments=("$here/test/guest.conf" "$here/landlock.conf")
}

"$SOURCE"
"$here/configure.sh" /linux "${fragments[@]}"

# The same source gives the same kernel.
export KBUILD_BUILD_TIMESTAMP='1970-01-01' KBUILD_BUILD_USER=kubefence KBUILD_BUILD_HOST=kubefence
make -C /linux --quiet -j"$(nproc)" "${target##*/}"
mkdir -p /out/bin
cp /bin/busybox /out/bin/cp
cp "/linux/$target" /out/vmlinux
cp /linux/.config /out/config
