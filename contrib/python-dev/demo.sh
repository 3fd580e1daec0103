#!/usr/bin/env bash
# Runs the demo; run-demo.sh has the variables.
exec "$(dirname "$0")/../run-demo.sh" "$(dirname "$0")"
