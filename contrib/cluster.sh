# shellcheck shell=bash
# Which cluster a demo runs on, and its image; sourced by run-demo.sh, ai-agent/demo.sh and kata-sandbox/demo.sh.
#
#   demo        set before: its name
#   IMAGE       set before provide_image; afterwards the name that the nodes know it by
RUNTIME=${RUNTIME:-containerd}
export RUNTIME CLUSTER_NAME=${CLUSTER_NAME:-nono-$RUNTIME}
CONTEXT=${CONTEXT:-kind-$CLUSTER_NAME}
TEST_NAMESPACE=${TEST_NAMESPACE:-default}
RUNTIME_CLASS=${RUNTIME_CLASS:-kata-nono-sandbox}

fail() { echo "${demo:?}/demo.sh: $1" >&2; exit 1; }
in_cluster() { kubectl --context "$CONTEXT" --namespace "$TEST_NAMESPACE" "$@"; }

# require_cluster ADVICE: the cluster answers and has the RuntimeClass.
require_cluster() {
  local classes
  command -v kubectl >/dev/null || fail "there is no kubectl in PATH"
  kubectl config get-contexts "$CONTEXT" >/dev/null 2>&1 ||
    fail "kubectl knows no context $CONTEXT; CONTEXT names another. It knows: $(kubectl config get-contexts --output name | tr '\n' ' ')"
  classes=$(in_cluster get runtimeclass --output name) || fail "the cluster of context $CONTEXT does not answer"
  grep -qx "runtimeclass.node.k8s.io/$RUNTIME_CLASS" <<<"$classes" ||
    fail "the cluster has no RuntimeClass $RUNTIME_CLASS; $1. It has: ${classes//runtimeclass.node.k8s.io\//}"
}

# provide_image FOLDER: its image, built and brought onto the nodes of the kind cluster, unless SKIP_BUILD says that they have it.
provide_image() {
  local contrib
  contrib=$(dirname "${BASH_SOURCE[0]}")
  [ "${SKIP_BUILD:-false}" != true ] || return 0
  "$contrib/build-image.sh" "$1" "$IMAGE" >/dev/null
  IMAGE=$("$contrib/../deploy/kind/load-image.sh" "$IMAGE")
}
