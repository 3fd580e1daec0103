#!/usr/bin/env bash
# Shows which system calls the seccomp filter of a pod refuses.
#
#   seccomp-probe.sh --pod NAME [--namespace NS] [--context CTX]   in a pod that runs already and has a shell
#   seccomp-probe.sh                                               compares new pods under restricted, runtime-default and none
#
# The second switches the chart's config.seccompProfile and puts it back at its end. Environment: CLUSTER_NAME, CONTEXT, TEST_NAMESPACE,
# NAMESPACE (kube-system) and RELEASE (kubefence) of the chart, IMAGE_REPO and IMAGE_TAG of the plugin's image where it is to be another.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/kind/seccomp-pods.sh
. deploy/kind/seccomp-pods.sh
usage="use: seccomp-probe.sh [--pod NAME [--namespace NS] [--context CTX]]"

pod="" namespace=default context=$CONTEXT
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || fail "$usage"
  case $1 in
    --pod) pod=$2 ;;
    --namespace) namespace=$2 ;;
    --context) context=$2 ;;
    *) fail "$usage" ;;
  esac
  shift 2
done

if [ -n "$pod" ]; then
  [ -x "$tools/seccomp-probe" ] || fail "$tools/seccomp-probe is missing: run make build"
  # /dev/shm is often noexec: the folder is taken where a script can be run.
  exec kubectl --context "$context" --namespace "$namespace" exec --stdin "$pod" -- sh -c '
    for folder in /dev/shm /tmp; do
      file=$folder/seccomp-probe.$$
      if { printf "#!/bin/sh\nexit 0\n" >"$file" && chmod 0755 "$file" && "$file"; } 2>/dev/null; then
        rm -f "$file"; cat >"$file"; chmod 0755 "$file"
        "$file"; status=$?
        rm -f "$file"; exit $status
      fi
      rm -f "$file" 2>/dev/null
    done
    echo "neither /dev/shm nor /tmp takes a program" >&2; exit 1' <"$tools/seccomp-probe"
fi

NAMESPACE=${NAMESPACE:-kube-system}
RELEASE=${RELEASE:-kubefence}
image=nono-seccomp-probe:latest
plugin_image=()
[ -z "${IMAGE_REPO:-}" ] || plugin_image+=(--set "image.repository=$IMAGE_REPO")
[ -z "${IMAGE_TAG:-}" ] || plugin_image+=(--set "image.tag=$IMAGE_TAG")
chart() { helm --kube-context "$CONTEXT" --namespace "$NAMESPACE" "$@"; }

use_profile() {
  chart upgrade "$RELEASE" charts/kubefence --reuse-values "${plugin_image[@]}" --set "config.seccompProfile=$1" --wait >/dev/null
  kubectl --context "$CONTEXT" --namespace "$NAMESPACE" rollout restart "daemonset/$RELEASE" >/dev/null
  kubectl --context "$CONTEXT" --namespace "$NAMESPACE" rollout status "daemonset/$RELEASE" --timeout 120s >/dev/null
}

before=$(chart get values "$RELEASE" --all --output json | sed -n 's/.*"seccompProfile":"\([^"]*\)".*/\1/p')
build_image seccomp-probe "$image"
results=$(mktemp -d)
trap 'use_profile "$before"; rm -rf "$results"' EXIT
for profile in restricted runtime-default; do
  use_profile "$profile"
  run_pod "probe-$profile" "$image" nono-runc "$profile" >"$results/$profile"
done
run_pod probe-unconfined "$image" "" unconfined >"$results/unconfined"

# A row a call: its result under each. Results are words in capitals before two blanks.
result='s/^  \([a-z_]*\) *\([A-Z-]*\( [A-Z][A-Z]*\)*\)  .*/\1\t\2/p'
printf '%-26s%-18s%-18s%s\n' call restricted runtime-default unconfined
paste <(sed -n "$result" "$results/restricted") <(sed -n "$result" "$results/runtime-default") <(sed -n "$result" "$results/unconfined") |
  awk -F '\t' '{ printf "%-26s%-18s%-18s%s\n", $1, $2, $4, $6 }'
