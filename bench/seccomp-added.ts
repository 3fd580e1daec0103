import { writeFileSync } from "node:fs";
import path from "node:path";
import { policies } from "../packages/plugin/src/seccomp/generated/policies.ts";
import { toMessage } from "../packages/plugin/src/seccomp/message.ts";
import { policyFilter } from "../packages/plugin/src/seccomp/policy.ts";
import { Caller } from "./caller.ts";
import type { Parameters } from "./parameters.ts";
import { configurePlugin, type RivalCommands } from "./rivals.ts";
import { distribution, type Distribution } from "./statistics.ts";

/** Round trips of CreateContainer on the wire, in microseconds, of a container that shows a filter of its own. */
export interface SeccompResult {
  readonly without: Distribution;
  readonly restricted: Distribution;
  readonly ruleCount: number;
}

/** Our plugin with seccomp_profile "restricted" and without, asked the same in turn. */
export async function measureSeccomp(
  goCaller: string,
  { directory, program }: RivalCommands,
  parameters: Parameters,
): Promise<SeccompResult> {
  const own = path.join(directory, "seccomp-own.json");
  const { filter, ruleCount } = containersFilter();
  writeFileSync(own, filter);
  const caller = new Caller(goCaller, "wire", directory);
  try {
    const plugins = { without: "", restricted: "restricted" };
    for (const [name, profile] of Object.entries(plugins)) {
      // Two instances with one state directory would take over from each other.
      const keys = { seccomp_profile: profile, state_directory: path.join("/var/run", name) };
      await caller.start(name, configurePlugin(directory, name, program, keys));
    }
    const load = {
      plugins: Object.keys(plugins),
      callers: 1,
      block: parameters.block,
      sandboxed: true,
      seccompFilter: own,
    };
    // As many as create-latency.ts has of both kinds: four blocks, in whose pauses the plugins rehearse.
    await caller.measure({ ...load, requests: 2 * parameters.warmup });
    process.stderr.write("==> CreateContainer with a filter to intersect\n");
    const { times, filtered } = await caller.measureFiltered({ ...load, requests: parameters.requests });
    if (filtered["restricted"] !== parameters.requests || filtered["without"] !== 0) {
      throw new Error(`filters were set in ${JSON.stringify(filtered)} of ${parameters.requests} answers`);
    }
    return {
      without: distribution(times.get("without") ?? []),
      restricted: distribution(times.get("restricted") ?? []),
      ruleCount,
    };
  } finally {
    await caller.close();
  }
}

/** A filter as containerd's default one: about as many calls, with rules about arguments, in OCI's JSON. */
function containersFilter(): { filter: string; ruleCount: number } {
  const machine = { architecture: "x86_64", kernel: "6.18" } as const;
  const message = toMessage(policyFilter(policies["runtime-default"](), machine));
  // Go reads 64-bit integers from numbers, which JSON.parse would round; nothing parses them here.
  const text = JSON.stringify(message, (_, value: unknown) => (typeof value === "bigint" ? `integer ${value}` : value));
  const filter = text
    .replaceAll(/"integer (\d+)"/g, "$1")
    // NRI wraps what is optional.
    .replaceAll(/"errnoRet":\{"value":(\d+)\}/g, '"errnoRet":$1');
  return { filter, ruleCount: message.syscalls?.length ?? 0 };
}
