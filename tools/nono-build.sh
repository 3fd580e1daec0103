#!/usr/bin/env bash
# Builds upstream nono from crates.io, static, for the differential test and the benchmark.
# Takes 26 CPU-minutes and 2.5 GB of memory; nothing in an ordinary run calls it.
# The version stands in the file NONO_VERSION; CONTRIBUTING.md says how to raise it. Prints the program's path.
#   NONO_VERSION=X.Y.Z     another version
set -euo pipefail
cd "$(dirname "$0")/.."
version=${NONO_VERSION:-$(<NONO_VERSION)}
version=${version#v}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "tools/nono-build.sh: NONO_VERSION is $(printf %q "$version"): a version is X.Y.Z" >&2; exit 1; }
root=${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}/nono-$version
if [ -x "$root/bin/nono" ]; then
  echo "nono $version is built" >&2
  echo "$root/bin/nono"
  exit 0
fi
echo "==> building nono-cli $version (26 CPU-minutes)" >&2
# No --locked: the lock file of 0.81.0 names a webpki-roots that the registry does not have.
# Without default features there is no system keyring, so nothing links libdbus.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="-C target-feature=+crt-static" CARGO_TARGET_DIR="$root/target" \
  cargo install nono-cli --version "=$version" --no-default-features --target "$host" --root "$root" ${NONO_BUILD_JOBS:+--jobs "$NONO_BUILD_JOBS"}
rm -rf "$root/target"
"$root/bin/nono" --version >&2
echo "$root/bin/nono"
