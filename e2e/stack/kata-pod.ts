import { expect } from "vitest";
import type { ClusterFixtures } from "../cluster-fixtures.ts";
import type { ClusterUnderTest } from "./cluster/under-test.ts";

/**
 * A pod that tells of itself in its log, because nobody may enter it: what the original's checks ask by `kubectl exec`, and more. Its
 * first process becomes the command that the original's checks look for.
 */
const script = `(
sleep 2
printf 'cmdline: '; tr '\\0' ' ' </proc/1/cmdline; echo
test -x /nono/nono && echo 'launcher: executable'
echo "profile: $NONO_PROFILE"
echo "kernel: $(uname -r)"
echo "seccomp: $(grep '^Seccomp:' /proc/self/status | tr -dc 0-9)"
echo "write to /usr/bin: $(touch /usr/bin/new 2>&1 && echo done)"
echo "write to /tmp: $(touch /tmp/new 2>&1 && echo done)"
echo end
) & exec sleep infinity`;

/** What such a pod says of itself, by name. */
export async function tellOf(
  { kubectl }: ClusterUnderTest,
  runPod: ClusterFixtures["runPod"],
  name: string,
  runtimeClassName: string,
): Promise<ReadonlyMap<string, string>> {
  const container = { command: ["sh", "-c", script] };
  await runPod({ name, runtimeClassName, profile: "default", container });
  const log = (): Promise<string> => kubectl.run(["logs", `pod/${name}`]);
  await expect.poll(log, { timeout: 60_000, interval: 1000 }).toContain("end\n");
  const lines = (await log()).split("\n").map((line) => line.split(": "));
  return new Map(lines.map(([key = "", ...value]) => [key, value.join(": ")]));
}
