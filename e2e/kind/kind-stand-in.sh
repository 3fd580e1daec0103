#!/usr/bin/env bash
# Stands in for `kind` in e2e/cases/cluster-own/kind.test.ts: no kind node image can be had there. It answers as kind's documentation says and
# writes down what it was asked. STAND_IN is a folder: log, clusters (names), kubeconfig (what `get kubeconfig` prints).
set -euo pipefail
echo "kind $*" >>"$STAND_IN/log"
name=kind
for ((i = 1; i <= $#; i++)); do if [ "${!i}" = --name ]; then ((i += 1)); name=${!i}; fi; done
known() { grep -Fqx "$name" "$STAND_IN/clusters" || { echo "ERROR: unknown cluster \"$name\"" >&2; exit 1; }; }
touch "$STAND_IN/clusters"
case "${1:-} ${2:-}" in
  'get clusters') if [ -s "$STAND_IN/clusters" ]; then cat "$STAND_IN/clusters"; else echo 'No kind clusters found.' >&2; fi ;;
  'get nodes') known; echo "$name-control-plane" ;;
  'get kubeconfig') known; cat "$STAND_IN/kubeconfig" ;;
  'create cluster') echo "$name" >>"$STAND_IN/clusters" ;;
  'load docker-image') known; grep -Fqx "$3" "$STAND_IN/images" || { echo "ERROR: image: \"$3\" not present locally" >&2; exit 1; } ;;
  'delete cluster') sed -i "/^$name\$/d" "$STAND_IN/clusters" ;;
  *) echo "kind-stand-in.sh: no answer to: kind $*" >&2; exit 64 ;;
esac
