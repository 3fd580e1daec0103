#!/usr/bin/env bash
# Packages the chart and pushes it to oci://REGISTRY/OWNER/charts/kubefence; its digest goes to build/release/chart.digest.
#   CHART_VERSION=…     instead of the sources' version; `make publish-chart` of a commit between releases has 0.0.0-COMMIT
#   PLAIN_HTTP=true     a registry on this machine
set -euo pipefail
cd "$(dirname "$0")/.."
version=${CHART_VERSION:-$(release/version.sh)}
version=${version#v}
if ! [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]]; then
  echo "release/push-chart.sh: CHART_VERSION is $(printf %q "$version"): a version is X.Y.Z or X.Y.Z-PRERELEASE" >&2
  exit 1
fi
. release/names.sh
helm=$(release/tool.sh helm)
mkdir -p build/release
"$helm" package charts/kubefence --version "$version" --app-version "$version" --destination build/release >/dev/null
arguments=()
[ "${PLAIN_HTTP:-false}" = false ] || arguments+=(--plain-http)
said=$("$helm" push "build/release/kubefence-$version.tgz" "oci://$prefix/charts" "${arguments[@]}" 2>&1) || { echo "$said" >&2; exit 1; }
echo "$said"
sed -n 's/^Digest: //p' <<<"$said" >build/release/chart.digest
