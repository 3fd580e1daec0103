# shellcheck shell=bash
# Sourced by seccomp-probe.sh, seccomp-actor.sh and seccomp-kata-test.sh: their image, and pods that run it once.
#
#   CLUSTER_NAME (nono-containerd), CONTEXT (kind-$CLUSTER_NAME)   which cluster
#   TEST_NAMESPACE (default)                                      where the pods run
CLUSTER_NAME=${CLUSTER_NAME:-nono-containerd}
CONTEXT=${CONTEXT:-kind-$CLUSTER_NAME}
TEST_NAMESPACE=${TEST_NAMESPACE:-default}
tools=${TOOLS:-build}

fail() { echo "${0##*/}: $1" >&2; exit 1; }
in_cluster() { kubectl --context "$CONTEXT" --namespace "$TEST_NAMESPACE" "$@"; }

# build_image PROGRAM IMAGE: an image of that one static program, on every node of the kind cluster.
build_image() {
  [ -x "$tools/$1" ] || fail "$tools/$1 is missing: run make build"
  local context
  context=$(mktemp -d)
  cp -L "$tools/$1" "$context/program"
  # Below /usr, where every profile lets programs run.
  printf 'FROM scratch\nCOPY program /usr/bin/%s\nENTRYPOINT ["/usr/bin/%s"]\n' "$1" "$1" >"$context/Dockerfile"
  docker build --quiet --tag "$2" "$context" >/dev/null || { rm -rf "$context"; fail "the image $2 was not built"; }
  rm -rf "$context"
  kind load docker-image "$2" --name "$CLUSTER_NAME" >/dev/null
}

# run_pod NAME IMAGE RUNTIME_CLASS PROFILE: runs the image to its end and prints what it said. RUNTIME_CLASS "" is the
# cluster's default runtime. The pod has no seccomp filter of its own.
run_pod() {
  local class=""
  [ -z "$3" ] || class="runtimeClassName: $3"
  in_cluster delete pod "$1" --ignore-not-found --wait >/dev/null
  in_cluster apply --filename - >/dev/null <<POD
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  $class
  restartPolicy: Never
  automountServiceAccountToken: false
  containers:
    - name: tool
      image: $2
      imagePullPolicy: Never
      securityContext: {seccompProfile: {type: Unconfined}}
      env:
        - {name: SECCOMP_PROFILE, value: "$4"}
        - {name: NO_COLOR, value: "1"}
POD
  finish_pod "$1"
}

# finish_pod NAME: waits for the pod's end, prints what it said and deletes it.
finish_pod() {
  local ended
  for _ in $(seq 60); do
    ended=$(in_cluster get pod "$1" --output 'jsonpath={.status.phase}')
    case $ended in Succeeded | Failed) break ;; esac
    sleep 1
  done
  in_cluster logs "$1"
  [ "$ended" = Succeeded ] || { in_cluster describe pod "$1" >&2; fail "the pod $1 ended as ${ended:-unknown}"; }
  in_cluster delete pod "$1" --wait=false >/dev/null
}
