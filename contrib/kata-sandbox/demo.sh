#!/usr/bin/env bash
# Runs the demo: the attempts of python-dev in a plain pod and in a Kata pod, and which kernel each ran on. The variables are those of
# ../run-demo.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
RUNTIME=${RUNTIME:-containerd}
export RUNTIME CLUSTER_NAME=${CLUSTER_NAME:-nono-$RUNTIME}
CONTEXT=${CONTEXT:-kind-$CLUSTER_NAME}
RUNTIME_CLASS=${RUNTIME_CLASS:-kata-nono-sandbox}
IMAGE=${IMAGE:-nono-demo-python:latest}
fail() { echo "kata-sandbox/demo.sh: $1" >&2; exit 1; }
in_cluster() { kubectl --context "$CONTEXT" --namespace "${TEST_NAMESPACE:-default}" "$@"; }

in_cluster get runtimeclass "$RUNTIME_CLASS" >/dev/null ||
  fail "the cluster has no RuntimeClass $RUNTIME_CLASS; install the chart with runtimeClasses.kataNono.enabled=true and Kata Containers"
if [ "${SKIP_BUILD:-false}" != true ]; then
  "$here/../build-image.sh" python-dev "$IMAGE" >/dev/null
  IMAGE=$("$here/../../deploy/kind/load-image.sh" "$IMAGE")
fi
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
