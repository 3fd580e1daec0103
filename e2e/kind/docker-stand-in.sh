#!/usr/bin/env bash
# Stands in for `docker` in e2e/cases/cluster-own/kind.test.ts, which has no docker daemon. It writes down what it was asked.
# STAND_IN is a folder: log, images (what the daemon has), registry (there while the registry runs).
set -euo pipefail
echo "docker $*" | tr '\n' ' ' | sed 's/ $/\n/' >>"$STAND_IN/log"
touch "$STAND_IN/images"
case "${1:-}" in
  image) grep -Fqx "$3" "$STAND_IN/images" || { echo "Error response from daemon: No such image: $3" >&2; exit 1; } ;;
  inspect) if [ -e "$STAND_IN/registry" ]; then echo true; else echo "Error: No such object: $4" >&2; exit 1; fi ;;
  run) touch "$STAND_IN/registry" ;;
  rm) rm -f "$STAND_IN/registry" ;;
  tag) echo "$3" >>"$STAND_IN/images" ;;
  exec | network | push) ;;
  *) echo "docker-stand-in.sh: no answer to: docker $*" >&2; exit 64 ;;
esac
