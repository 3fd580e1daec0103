#!/usr/bin/env bash
# Runs the end-to-end cases on the kind cluster (`make e2e KUBECONFIG=…`) and prints one line for each, then `Results: p/t passed`. The exit
# code is the number of cases that failed.
#
#   RUNTIME, CLUSTER_NAME   which cluster: kind-cluster.sh
#   CASES                   only files with this in their path, for example original-checks; else all
#   KUBEFENCE_E2E_IMAGE     busybox:1.37; an image with a shell that the nodes have or can pull
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/kind/kind-cluster.sh
. deploy/kind/kind-cluster.sh
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
kind get kubeconfig --name "$CLUSTER_NAME" >"$directory/kubeconfig"
export KUBEFENCE_E2E_RESULTS=$directory/results.json
make e2e KUBECONFIG="$directory/kubeconfig" ${CASES:+CASES="$CASES"} >&2 || echo "${0##*/}: make e2e failed; its results follow" >&2
[ -f "$KUBEFENCE_E2E_RESULTS" ] || fail "make e2e left no results"
node_modules/.bin/node e2e/results/print.ts "$KUBEFENCE_E2E_RESULTS" cluster
