#!/usr/bin/env bash
# Runs the demo; run-demo.sh has the variables. `demo.sh --interactive` opens a shell in the sandbox instead, and deletes its pod afterwards.
here=$(dirname "$0")
exec "$here/../run-demo.sh" "$here" "$@"
