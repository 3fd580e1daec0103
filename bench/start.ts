import { Caller } from "./caller.ts";
import type { Parameters } from "./parameters.ts";
import { rivals, type Rival, type RivalCommands } from "./rivals.ts";
import { distribution, type Distribution } from "./statistics.ts";

/** Milliseconds: `node -e 0` from fork to exit, the plugins from fork to synchronized, and their first create. */
export interface StartResult {
  readonly bareNode: Distribution;
  readonly ours: Distribution;
  readonly go: Distribution;
  /** The first CreateContainer of a plugin that has just started, in milliseconds. */
  readonly oursFirstCreate: Distribution;
  readonly goFirstCreate: Distribution;
}

/** Starts bare Node and both plugins in turn. */
export async function measureStart(
  goCaller: string,
  commands: RivalCommands,
  parameters: Parameters,
): Promise<StartResult> {
  process.stderr.write(`==> start to synchronized, ${parameters.starts} times\n`);
  const caller = new Caller(goCaller, "wire", commands.directory);
  const bareNode: number[] = [];
  const starts: Record<Rival, number[]> = { ours: [], go: [] };
  const firstCreates: Record<Rival, number[]> = { ours: [], go: [] };
  try {
    for (let round = 0; round < parameters.starts; round++) {
      bareNode.push(await caller.runProcess([process.execPath, "-e", "0"]));
      for (const rival of rivals) {
        starts[rival].push((await caller.start(rival, commands[rival])).startMs);
        const first = await caller.measure({ plugins: [rival], requests: 1, callers: 1, block: 1, sandboxed: true });
        firstCreates[rival].push(...(first.get(rival) ?? []).map((microseconds) => microseconds / 1e3));
        await caller.stop(rival);
      }
    }
  } finally {
    await caller.close();
  }
  return {
    bareNode: distribution(bareNode),
    ours: distribution(starts.ours),
    go: distribution(starts.go),
    oursFirstCreate: distribution(firstCreates.ours),
    goFirstCreate: distribution(firstCreates.go),
  };
}
