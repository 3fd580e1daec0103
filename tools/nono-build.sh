#!/usr/bin/env bash
# Builds upstream nono from crates.io, static, for the differential test and the benchmark.
# Takes 26 CPU-minutes and 2.5 GB of memory; nothing in an ordinary run calls it.
# The version stands in NONO_VERSION; CONTRIBUTING.md says how to raise it.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(<NONO_VERSION)
root=${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}/nono-$version
if [ -x "$root/bin/nono" ]; then
  echo "nono $version is built: $root/bin/nono"
  exit 0
fi
echo "==> building nono-cli $version (26 CPU-minutes)"
# No --locked: the lock file of 0.81.0 names a webpki-roots that the registry does not have.
# Without default features there is no system keyring, so nothing links libdbus.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="-C target-feature=+crt-static" CARGO_TARGET_DIR="$root/target" \
  cargo install nono-cli --version "=$version" --no-default-features --target "$host" --root "$root" ${NONO_BUILD_JOBS:+--jobs "$NONO_BUILD_JOBS"}
rm -rf "$root/target"
"$root/bin/nono" --version
