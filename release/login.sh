#!/usr/bin/env bash
# Logs in to REGISTRY (ghcr.io) with REGISTRY_TOKEN, for crane, cosign and Helm alike: all three read Docker's configuration.
set -euo pipefail
cd "$(dirname "$0")/.."
. release/names.sh
: "${REGISTRY_TOKEN:?REGISTRY_TOKEN is empty}"
"$(release/tool.sh crane)" auth login "$registry" --username "${GITHUB_ACTOR:-$owner}" --password-stdin <<<"$REGISTRY_TOKEN"
