#!/usr/bin/env bash
# What an attacker in a Kata guest gets done, in three pods: Kata as it comes, Kata with the runtime's default filter, and
# kata-nono-sandbox under seccomp_profile = "restricted". Fails if the last lets anything through.
#
# Needs a cluster with Kata (KVM and vhost-vsock on its nodes), the chart with runtimeClasses.kataNono.enabled, and a RuntimeClass of Kata
# whose pods the plugin leaves alone. Environment: that of seccomp-pods.sh; GENERIC_CLASS (kata-qemu), NAMESPACE (kube-system) and RELEASE (kubefence) of the chart.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/kind/seccomp-pods.sh
. deploy/kind/seccomp-pods.sh
GENERIC_CLASS=${GENERIC_CLASS:-kata-qemu}
NAMESPACE=${NAMESPACE:-kube-system}
RELEASE=${RELEASE:-kubefence}
image=nono-seccomp-actor:kata-test

handler_of() {
  kubectl --context "$CONTEXT" get runtimeclass "$1" --output 'jsonpath={.handler}' || fail "there is no RuntimeClass $1"
}
configuration=$(kubectl --context "$CONTEXT" --namespace "$NAMESPACE" get configmap "$RELEASE-config" --output 'jsonpath={.data.10-nono-nri\.toml}')
is_sandboxed() { sed -n 's/^runtime_classes = //p' <<<"$configuration" | grep -q "['\"]$1['\"]"; }

ours=$(handler_of kata-nono-sandbox)
generic=$(handler_of "$GENERIC_CLASS")
is_sandboxed "$ours" || fail "kata-nono-sandbox's handler $ours is not among the plugin's runtime_classes"
! is_sandboxed "$generic" || fail "$GENERIC_CLASS's handler $generic is among the plugin's runtime_classes, so there is nothing to compare with: name another class in GENERIC_CLASS"
grep -Eq "^seccomp_profile = ['\"]restricted['\"]" <<<"$configuration" || fail "the plugin's seccomp_profile is not restricted"

build_image seccomp-actor "$image"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for name in generic runtimedefault nono-restricted; do
  in_cluster delete pod "seccomp-kata-$name" --ignore-not-found --wait >/dev/null
  sed "s/runtimeClassName: kata-qemu$/runtimeClassName: $GENERIC_CLASS/" "deploy/kind/fixtures/seccomp-kata-$name.yaml" |
    in_cluster apply --filename - >/dev/null
  finish_pod "seccomp-kata-$name" >"$results/$name"
done

# A row an attempt: its word in each pod.
row='s/^  \([A-Z]*\)  *\(.\{40\}\) .*/\2\t\1/p'
printf '%-42s%-18s%-18s%s\n' attempt generic runtimedefault nono-restricted
paste <(sed -n "$row" "$results/generic") <(sed -n "$row" "$results/runtimedefault") <(sed -n "$row" "$results/nono-restricted") |
  awk -F '\t' '{ printf "%-42s%-18s%-18s%s\n", $1, $2, $4, $6 }'
open=$(grep -c '^  ALLOWED' "$results/nono-restricted" || true)
[ "$open" = 0 ] || fail "kata-nono-sandbox lets $open of them through"
