#!/usr/bin/env bash
# Runs each fuzz target for the given seconds. A target whose toolchain is missing is reported as not run.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-30}
echo "==> fuzz: NRI frames and messages, ${seconds}s"
npm run --silent fuzz -w packages/nri -- "$seconds"
echo "==> fuzz: what the programs of native/ read, ${seconds}s each"
native/fuzz.sh "$seconds"
