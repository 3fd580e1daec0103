#!/usr/bin/env bash
# Runs the demo: the attempts of python-dev in a plain pod and in a Kata pod, and which kernel each ran on. The variables are those of
# ../run-demo.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
demo="kata-sandbox"
IMAGE=${IMAGE:-nono-demo-python:latest}
# shellcheck source=contrib/cluster.sh
. "$here/../cluster.sh"

require_cluster "install the chart with runtimeClasses.kataNono.enabled=true and Kata Containers"
provide_image python-dev
trap 'in_cluster delete pod kata-sandbox-plain kata-sandbox-kata --ignore-not-found --wait=false >/dev/null' EXIT

# run MODE: the pod of that mode to its end; prints its log.
run() {
  local phase=""
  in_cluster delete pod "kata-sandbox-$1" --ignore-not-found --wait >/dev/null
  sed "s|^\( *runtimeClassName: \).*|\1$RUNTIME_CLASS|; s|^\( *image: \).*|\1$IMAGE|" "$here/pod-$1.yaml" | in_cluster apply --filename - >/dev/null
  for _ in $(seq 360); do
    phase=$(in_cluster get pod "kata-sandbox-$1" --output 'jsonpath={.status.phase}')
    case $phase in Succeeded | Failed) break ;; esac
    sleep 0.5
  done
  in_cluster logs "kata-sandbox-$1"
  [ "$phase" = Succeeded ] || fail "the pod kata-sandbox-$1 ended as ${phase:-nothing}: kubectl describe pod kata-sandbox-$1"
}

echo "==> a plain pod: pod-plain.yaml"
plain=$(run plain); echo "$plain"
printf '\n==> a Kata pod: pod-kata.yaml\n'
kata=$(run kata); echo "$kata"
echo
[ "${plain%%$'\n'*}" != "${kata%%$'\n'*}" ] || fail "both ran on the same kernel (${kata%%$'\n'*}): $RUNTIME_CLASS is no virtual machine here"
echo "two kernels: ${plain%%$'\n'*} on the node, ${kata%%$'\n'*} in the virtual machine"
