#!/usr/bin/env bash
# Runs the end-to-end cases on the kind cluster (`make e2e KUBECONFIG=…`, and `make kata-e2e` where it has Kata) and prints one line for each,
# then `Results: p/t passed`. The exit code is the number of cases that failed.
#
#   RUNTIME, CLUSTER_NAME   which cluster: kind-cluster.sh
#   CASES                   only files with this in their path, for example original-checks; else all
#   KUBEFENCE_E2E_IMAGE     busybox:1.37; an image with a shell that the nodes have or can pull
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/kind/kind-cluster.sh
. deploy/kind/kind-cluster.sh
need kubectl https://kubernetes.io/docs/tasks/tools/
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
kind get kubeconfig --name "$CLUSTER_NAME" >"$directory/kubeconfig"
export KUBEFENCE_E2E_RESULTS=$directory/results.json
make e2e KUBECONFIG="$directory/kubeconfig" ${CASES:+CASES="$CASES"} >&2 || echo "${0##*/}: make e2e failed; its results follow" >&2
if kubectl --kubeconfig "$directory/kubeconfig" get runtimeclass kata-nono-sandbox >/dev/null 2>&1; then
  make kata-e2e KUBECONFIG="$directory/kubeconfig" >&2 || echo "${0##*/}: make kata-e2e failed; its results follow" >&2
else
  echo "${0##*/}: no RuntimeClass kata-nono-sandbox: without the cases in virtual machines" >&2
fi
[ -f "$KUBEFENCE_E2E_RESULTS" ] || fail "make e2e left no results"
node_modules/.bin/node e2e/results/print.ts "$KUBEFENCE_E2E_RESULTS" cluster kata-cluster
