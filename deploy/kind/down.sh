#!/usr/bin/env bash
# Takes the kind cluster down, and the registry that load-image.sh made for CRI-O.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/kind/kind-cluster.sh
. deploy/kind/kind-cluster.sh
kind delete cluster --name "$CLUSTER_NAME"
[ "$RUNTIME" = containerd ] || docker rm --force "${REGISTRY_NAME:-nono-nri-registry}"
