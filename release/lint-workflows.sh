#!/usr/bin/env bash
# actionlint (with shellcheck over each `run`) and zizmor find nothing in .github/workflows; shellcheck finds nothing in our scripts.
# zizmor asks no server.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v shellcheck >/dev/null || { echo "shellcheck is missing: apt-get install shellcheck" >&2; exit 1; }
echo "==> actionlint"; "$(release/tool.sh actionlint)"
echo "==> zizmor"; tools/zizmor.sh --offline --quiet --no-progress --persona pedantic .github/workflows
echo "==> shellcheck"; git ls-files -z '*.sh' | xargs -0 shellcheck
