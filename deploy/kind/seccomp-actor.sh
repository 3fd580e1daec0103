#!/usr/bin/env bash
# What an attacker in a container gets done: pods actor-restricted (RuntimeClass nono-runc, under the policy that the plugin has) and
# actor-unconfined (the default runtime, no seccomp filter). Environment: CLUSTER_NAME, CONTEXT, TEST_NAMESPACE.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=deploy/kind/seccomp-pods.sh
. deploy/kind/seccomp-pods.sh
image=nono-seccomp-actor:latest

build_image seccomp-actor "$image"
restricted=$(run_pod actor-restricted "$image" nono-runc restricted)
unconfined=$(run_pod actor-unconfined "$image" "" unconfined)
printf '%s\n\n%s\n\n' "$restricted" "$unconfined"
open() { grep -c '^  ALLOWED' <<<"$1" || true; }
printf 'let through: %s under restricted, %s unconfined\n' "$(open "$restricted")" "$(open "$unconfined")"
