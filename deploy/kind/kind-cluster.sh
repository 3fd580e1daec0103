# shellcheck shell=bash
# Sourced by deploy.sh, e2e.sh and load-image.sh: which cluster.
#
#   RUNTIME        containerd (default) or crio
#   CLUSTER_NAME   nono-$RUNTIME
RUNTIME=${RUNTIME:-containerd}
CLUSTER_NAME=${CLUSTER_NAME:-nono-$RUNTIME}

fail() { echo "${0##*/}: $1" >&2; exit 1; }
need() { # program, where it is from
  command -v "$1" >/dev/null || fail "$1 is missing; see $2"
}

case $RUNTIME in containerd | crio) ;; *) fail "RUNTIME=$RUNTIME: containerd or crio" ;; esac
need docker https://docs.docker.com/engine/install/
need kind https://kind.sigs.k8s.io/

nodes() { kind get nodes --name "$CLUSTER_NAME"; }
# on_each_node COMMAND...: the node's name is $node there.
on_each_node() { for node in $(nodes); do docker exec "$node" "$@"; done; }

# repository_of and tag_of REFERENCE: a colon before the last slash belongs to a port.
tag_of() { case ${1##*/} in *:*) echo "${1##*:}" ;; *) echo latest ;; esac; }
repository_of() { case ${1##*/} in *:*) echo "${1%:*}" ;; *) echo "$1" ;; esac; }
