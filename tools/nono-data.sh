#!/usr/bin/env bash
# Prints the path of data/policy.json of upstream nono in the version that NONO_VERSION names: its groups and built-in profiles.
# Cargo fetches the crate (checked against the registry's checksum) and unpacks it into its own cache; nothing of it is built or copied here.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(<NONO_VERSION)
find_data() { find "${CARGO_HOME:-$HOME/.cargo}/registry/src" -maxdepth 4 -path "*/nono-cli-$version/data/policy.json" 2>/dev/null | head -n 1; }
found=$(find_data)
if [ -z "$found" ]; then
  # Outside the checkout: there Cargo would look at the workspace first.
  (cd / && cargo info --quiet "nono-cli@$version" >/dev/null)
  found=$(find_data)
fi
[ -n "$found" ] || { echo "nono-data: the crate nono-cli $version has no data/policy.json" >&2; exit 1; }
printf '%s\n' "$found"
