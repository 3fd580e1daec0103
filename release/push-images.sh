#!/usr/bin/env bash
# Pushes build/release/image to REGISTRY (ghcr.io) of OWNER under both of its names and all of its tags, and leaves the digest,
# the same for all of them, in build/release/image.digest.
#   TAGS="a b"     instead of X.Y.Z, X.Y and latest; a prerelease has its own version only
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(release/version.sh)
. release/names.sh
crane=$(release/tool.sh crane)
tags=("$version")
[[ $version == *-* ]] || tags+=("${version%.*}" latest)
[ -z "${TAGS:-}" ] || read -ra tags <<<"$TAGS"
first=$prefix/nono-nri-plugin
"$crane" push build/release/image "$first:${tags[0]}" >/dev/null
digest=$("$crane" digest "$first:${tags[0]}")
for name in "$first" "$prefix/kubefence"; do
  for tag in "${tags[@]}"; do
    [ "$name:$tag" = "$first:${tags[0]}" ] || "$crane" copy "$first@$digest" "$name:$tag" 2>/dev/null
    echo "$name:$tag $digest"
  done
done
echo "$digest" >build/release/image.digest
