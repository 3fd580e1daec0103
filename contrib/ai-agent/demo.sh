#!/usr/bin/env bash
# Runs the demo: the agent reads a hostile document, without and with the sandbox. ../run-demo.sh has the variables; two more:
#
#   AUDIT     a command that prints the kernel's audit records of the node, for example `sudo cat /var/log/audit/audit.log`,
#             `sudo dmesg` where no auditd runs, or `docker exec nono-containerd-control-plane dmesg`. Needs Linux 6.15
#   RELEASE   kubefence; the release of our chart, in kube-system
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
demo="ai-agent"
# shellcheck source=contrib/cluster.sh
. "$here/../cluster.sh"

require_cluster "RUNTIME_CLASS names another, for example nono-runc"
command -v helm >/dev/null || fail "there is no helm in PATH"
echo "==> the operator's profile ai-agent.json, on every node"
helm --kube-context "$CONTEXT" --namespace kube-system upgrade "${RELEASE:-kubefence}" "$here/../../charts/kubefence" \
  --reset-then-reuse-values --set-file "profiles.ai-agent=$here/ai-agent.json" --wait >/dev/null

# audit.log names the record's type, the kernel's log has its number.
denials() { [ -z "${AUDIT:-}" ] || bash -c "$AUDIT" | grep -E 'type=(1423|LANDLOCK_ACCESS|UNKNOWN\[1423\])' || true; }
before=$(denials | wc -l)
"$here/../run-demo.sh" "$here"

printf '\n==> what the kernel recorded meanwhile\n'
if [ -z "${AUDIT:-}" ]; then
  echo "not asked: AUDIT names a command that prints the node's audit records"
  exit
fi
# The agent's sandbox is the one (`domain=`) that was denied the credentials; the node may have others. That /nono cannot be listed is how
# the launcher proves itself at each start.
meanwhile=$(denials | tail -n "+$((before + 1))")
domain=$(sed -nE 's|.* (domain=[0-9a-f]+ ).* path="/root/.aws/credentials".*|\1|p' <<<"$meanwhile" | tail -n 1)
[ -n "$domain" ] || { echo "nothing of this agent: is auditing on (auditctl -e 1), and the kernel 6.15 or later?"; exit; }
grep -F " $domain" <<<"$meanwhile" | sed -nE 's/.* blockers=([^ ]*) path="([^"]*)".*/\1 \2/p' | sed -E 's|/\.\.[0-9_.]+/|/|' |
  grep -vx 'fs.read_dir /nono' | awk '!seen[$0]++ { printf "denied  %-26s %s\n", $1, $2 }'
