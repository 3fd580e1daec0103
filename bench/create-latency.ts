import { Caller, type RuntimeKind } from "./caller.ts";
import type { Parameters } from "./parameters.ts";
import { rivals, type Rival, type RivalCommands } from "./rivals.ts";
import { distribution, type Distribution } from "./statistics.ts";

/** One case of the comparison: who asks, how many at once, and for which pod. */
export interface CreateCase {
  readonly runtime: RuntimeKind;
  readonly callers: number;
  readonly sandboxed: boolean;
}

/** What was measured for one case, in microseconds. */
export interface CreateResult extends CreateCase {
  readonly ours: Distribution;
  readonly go: Distribution;
}

/** CreateContainer round trips of both plugins, on the wire and through the runtime library. */
export async function measureCreate(
  goCaller: string,
  commands: RivalCommands,
  parameters: Parameters,
): Promise<{ requestBytes: number; results: CreateResult[] }> {
  const results: CreateResult[] = [];
  let requestBytes = 0;
  for (const runtime of ["wire", "adaptation"] as const) {
    const caller = new Caller(goCaller, runtime, commands.directory);
    try {
      requestBytes = await caller.requestBytes();
      for (const rival of rivals) {
        await caller.start(rival, commands[rival]);
      }
      const load = { plugins: rivals, callers: 1, block: parameters.block };
      await caller.measure({ ...load, requests: parameters.warmup, sandboxed: true });
      await caller.measure({ ...load, requests: parameters.warmup, sandboxed: false });
      for (const callers of [1, parameters.callers]) {
        for (const sandboxed of [true, false]) {
          process.stderr.write(`==> ${describeCase({ runtime, callers, sandboxed })}\n`);
          const times = await caller.measure({ ...load, callers, sandboxed, requests: parameters.requests });
          const of = (rival: Rival): Distribution => distribution(times.get(rival) ?? []);
          results.push({ runtime, callers, sandboxed, ours: of("ours"), go: of("go") });
        }
      }
    } finally {
      await caller.close();
    }
  }
  return { requestBytes, results };
}

/** One case in words, as tables and progress name it. */
export function describeCase({ runtime, callers, sandboxed }: CreateCase): string {
  const where = runtime === "wire" ? "on the wire" : "through the runtime library";
  return `CreateContainer ${where}, ${sandboxed ? "sandboxed" : "skipped"}, ${callers} ${callers === 1 ? "caller" : "callers"}`;
}
