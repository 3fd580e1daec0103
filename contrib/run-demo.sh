#!/usr/bin/env bash
# Runs a demo: the same container as a job without and with the sandbox, and both tables side by side. Each demo.sh calls it.
#
#   run-demo.sh FOLDER                 does that
#   run-demo.sh FOLDER --interactive   opens a shell in the sandbox (pod-sandbox.yaml) instead
#
#   RUNTIME          containerd (default) or crio: which kind cluster
#   CLUSTER_NAME     nono-$RUNTIME
#   CONTEXT          kind-$CLUSTER_NAME; the context of kubectl. Set it for a cluster that is not kind's
#   RUNTIME_CLASS    takes the manifests' kata-nono-sandbox's place, for example nono-runc
#   IMAGE            takes the manifests' image's place: one that the nodes have or can pull
#   SKIP_BUILD       true: the image is there already; else it is built (contrib/build-image.sh: BASE) and loaded into the kind cluster
#   TEST_NAMESPACE   default
set -euo pipefail
folder=$(cd "$1" && pwd)
demo=$(basename "$folder")
of_manifests=$(sed -n 's/^ *image: //p' "$folder/job-sandbox.yaml")
IMAGE=${IMAGE:-$of_manifests}
# shellcheck source=contrib/cluster.sh
. "$(dirname "$folder")/cluster.sh"

step() { printf '\n==> %s\n' "$1"; }
manifest() { sed "s|^\( *runtimeClassName: \)kata-nono-sandbox$|\1$RUNTIME_CLASS|; s|^\( *image: \).*|\1$IMAGE|" "$folder/$1.yaml"; }

require_cluster "RUNTIME_CLASS names another, for example nono-runc"
provide_image "$demo"

case ${2:-} in
  '') ;;
  --interactive)
    trap 'in_cluster delete pod "$demo-sandbox" --ignore-not-found --wait=false >/dev/null' EXIT
    manifest pod-sandbox | in_cluster apply --filename - >/dev/null
    in_cluster wait "pod/$demo-sandbox" --for condition=Ready --timeout 120s >/dev/null || fail "the pod $demo-sandbox is not ready: kubectl describe pod $demo-sandbox"
    terminal=(--stdin); [ ! -t 0 ] || terminal+=(--tty)
    in_cluster exec "${terminal[@]}" "$demo-sandbox" -- sh
    exit ;;
  *) fail "$2: --interactive, or nothing" ;;
esac

# Both are the same but for the RuntimeClass and the profile.
results=$(mktemp -d)
cleanup() {
  in_cluster delete job "$demo-baseline" "$demo-sandbox" --ignore-not-found --wait=false >/dev/null
  rm -rf "$results"
}
trap cleanup EXIT

# run MODE: the job of that mode to its end; its log is printed and kept.
run() {
  local ended=""
  in_cluster delete job "$demo-$1" --ignore-not-found --wait >/dev/null
  manifest "job-$1" | in_cluster apply --filename - >/dev/null
  for _ in $(seq 240); do
    ended=$(in_cluster get job "$demo-$1" --output 'jsonpath={.status.conditions[?(@.status=="True")].type}')
    case $ended in *Complete* | *Failed*) break ;; esac
    sleep 0.5
  done
  in_cluster logs "job/$demo-$1" >"$results/$1" || true
  colour <"$results/$1"
  case $ended in *Complete*) return ;; esac
  in_cluster describe pods --selector "job-name=$demo-$1" | tail -n 15 >&2
  fail "the job $demo-$1 ended as ${ended:-nothing after 120 s}"
}

colour() {
  if [ -t 1 ] || [ -n "${FORCE_COLOR:-}" ]; then
    sed "s/ALLOWED/$(printf '\033[32mALLOWED\033[0m')/g; s/BLOCKED/$(printf '\033[31mBLOCKED\033[0m')/g"
  else
    cat
  fi
}

# Rows are `ALLOWED  attempt` and `BLOCKED  attempt  (why)`.
rows() { sed -n 's/^\(ALLOWED\|BLOCKED\)  \(.*\)/\1  \2/p' "$results/$1" | sed 's/  (.*)$//'; }

step "without a sandbox: job-baseline.yaml"
run baseline
step "the same with runtimeClassName: $RUNTIME_CLASS and profile $(sed -n 's|.*nono.sh/profile: \([a-z-]*\).*|\1|p' "$folder/job-sandbox.yaml"): job-sandbox.yaml"
run sandbox

step "both"
[ "$(rows baseline | sed 's/^[A-Z]*//')" = "$(rows sandbox | sed 's/^[A-Z]*//')" ] || fail "the two jobs did not attempt the same"
paste <(rows baseline) <(rows sandbox) |
  awk -F '\t' 'BEGIN { printf "%-62s %-10s %s\n", "attempt", "baseline", "sandbox" }
    { printf "%-62s %-10s %s\n", substr($1, 10), substr($1, 1, 7), substr($2, 1, 7) }' | colour
count() { rows "$1" | grep -c "^$2" || true; }
echo
echo "blocked: $(count baseline BLOCKED) without, $(count sandbox BLOCKED) with the sandbox, of $(rows sandbox | wc -l)"
