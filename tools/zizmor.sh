#!/usr/bin/env bash
# Installs zizmor, by the hash in tools/zizmor/requirements.txt, into the cache, and runs it with the arguments given.
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/zizmor
version=$(sed -n 's/^zizmor==\([0-9.]*\).*/\1/p' "$folder/requirements.txt")
program=${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}/bin/zizmor-$version
if [ ! -x "$program/bin/zizmor" ]; then
  python3 -m venv "$program" || { echo "tools/zizmor.sh: python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
  "$program/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement "$folder/requirements.txt"
fi
exec "$program/bin/zizmor" "$@"
