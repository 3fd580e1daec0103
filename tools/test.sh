#!/usr/bin/env bash
# What `make test` runs. What computes goes on behind what mostly waits, so that two cores have something to do: Kubernetes is
# built behind the checks and the tests on a node; fuzz targets and faults run behind the tests on a cluster.
#
#   FUZZ_SECONDS (30) for each target, FAULTS (100) creations, MINUTES (2) of soak
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}
logs=$cache/logs/test
mkdir -p "$logs"
declare -A behind=()
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT

# start NAME COMMAND...: runs it behind the rest; finish NAME: waits, prints what it said, and fails if it did. run: in front.
start() { nice -n 10 "${@:2}" >"$logs/$1.log" 2>&1 & behind[$1]=$!; }
finish() {
  local status=0
  wait "${behind[$1]}" || status=$?
  echo "==> $1"
  cat "$logs/$1.log"
  ((status == 0)) || { echo "make test: $1 failed with $status" >&2; exit "$status"; }
}
run() { local since=$SECONDS; "${@:2}"; echo "==> $1: $((SECONDS - since)) s"; }

start kubernetes tools/build.sh kubernetes
for target in check test-unit e2e-node; do run "$target" make --no-print-directory "$target"; done
finish kubernetes

fuzz_and_faults() { tools/fuzz.sh "${FUZZ_SECONDS:-30}" && node e2e/faults/run.ts --creations "${FAULTS:-100}"; }
export -f fuzz_and_faults
start fuzz-and-faults bash -euc fuzz_and_faults
run cluster vitest run --reporter=default --reporter=./e2e/results-reporter.ts --project cluster
run soak node e2e/soak/run.ts --minutes "${MINUTES:-2}"
finish fuzz-and-faults
echo "==> make test: $((SECONDS / 60)) minutes"
