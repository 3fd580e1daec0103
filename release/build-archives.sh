#!/usr/bin/env bash
# What a node gets, for those who set nodes up by hand: build/release/kubefence-VERSION-linux-ARCH.tar.gz.
# The same sources give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(release/version.sh)
cache=${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}
machine=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
mkdir -p build/release
for arch in amd64 arm64; do
  name=kubefence-$version-linux-$arch
  folder=build/release/$name
  rm -rf "$folder"
  install -d "$folder"
  cp -R build/10-nono-nri build/kubefence build/profiles LICENSE "$folder/"
  # For profile_set = "nono"; a build that could not fetch nono's crate has said so.
  [ ! -d build/profiles-nono ] || cp -R build/profiles-nono "$folder/"
  if [ "$arch" = "$machine" ]; then
    programs=$cache/bin
  else
    target=$(sed 's/amd64/x86_64/; s/arm64/aarch64/' <<<"$arch")-unknown-linux-musl
    native/build.sh "$target" >/dev/null
    programs=$cache/bin/$target
  fi
  cp "$programs/nono" "$programs/nono-runc" "$programs/shim" "$programs/seccomp-probe" "$folder/"
  cp -R "$programs/seccomp" "$folder/"
  chmod -R u=rwX,go=rX "$folder"
  tar --create --directory build/release --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 "$name" |
    gzip -9n >"$folder.tar.gz"
  rm -rf "$folder"
  echo "$folder.tar.gz"
done
