#!/usr/bin/env bash
# Publishes build/npm/*.tgz. npm makes the provenance statement, and trusts this repository's workflow instead of a token, which
# takes npm 11.5.1 or later.
#   DRY_RUN=true     everything but the upload
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(release/version.sh)
arguments=(--access public --tag "$([[ $version == *-* ]] && echo next || echo latest)")
if [ "${DRY_RUN:-false}" = true ]; then arguments+=(--dry-run); else arguments+=(--provenance); fi
npx --yes npm@11.19.0 publish "./build/npm/kubefence-nri-$version.tgz" "${arguments[@]}"
