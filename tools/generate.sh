#!/usr/bin/env bash
# Writes every generated file anew. With --check: fails if that changes anything, and leaves the new files for `git diff`.
set -euo pipefail
cd "$(dirname "$0")/.."
before=$(mktemp); after=$(mktemp); trap 'rm -f "$before" "$after"' EXIT
generated() { git ls-files -z --cached --others --exclude-standard | grep -zE '/generated/|^docs/reference/|^charts/kubefence/(values|README)' | xargs -0 sha256sum; }
generated >"$before"
npm run --silent generate --workspaces --if-present
generated >"$after"
if [ "${1:-}" = --check ] && ! diff "$before" "$after" >/dev/null; then
  echo "generated files were not up to date; run 'make generate' and commit:" >&2
  diff "$before" "$after" | sed -n 's/^> [0-9a-f]*  /  /p' >&2
  exit 1
fi
