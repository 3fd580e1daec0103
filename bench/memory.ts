import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Caller } from "./caller.ts";
import type { Parameters } from "./parameters.ts";
import { rivals, type RivalCommands } from "./rivals.ts";

/** Memory of one process in MiB: all that is resident, and its private part (RssAnon). */
export interface Memory {
  readonly residentMib: number;
  readonly privateMib: number;
}

interface Reading {
  readonly ours: Memory;
  readonly go: Memory;
}

/** Memory of the three programs, when nothing has happened yet and after the containers. */
export interface MemoryResult {
  readonly bareNode: Memory;
  readonly idle: Reading;
  /** Right after the last container was removed. */
  readonly atOnce: Reading;
  readonly afterContainers: Reading;
}

// V8 gives memory back when nothing was allocated for eight seconds, Go's runtime over minutes.
const restMs = 12_000;

/** Fresh plugins, read at rest: some seconds after their start and after the last container was removed. */
export async function measureMemory(
  goCaller: string,
  commands: RivalCommands,
  parameters: Parameters,
): Promise<MemoryResult> {
  const caller = new Caller(goCaller, "wire", commands.directory);
  const bareNode = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e9)"], { stdio: "ignore" });
  try {
    const ours = await caller.start("ours", commands.ours);
    const go = await caller.start("go", commands.go);
    const readBoth = (): Reading => ({ ours: readMemory(ours.pid), go: readMemory(go.pid) });
    await sleep(restMs);
    const idle = readBoth();
    process.stderr.write(`==> memory over ${parameters.containers} containers\n`);
    const load = { plugins: rivals, requests: parameters.containers, callers: 1, block: parameters.block };
    await caller.measure({ ...load, sandboxed: true });
    const atOnce = readBoth();
    await sleep(restMs);
    return { bareNode: readMemory(bareNode.pid ?? 0), idle, atOnce, afterContainers: readBoth() };
  } finally {
    bareNode.kill();
    await caller.close();
  }
}

function readMemory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mib = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "mu").exec(status)?.[1]) / 1024;
  return { residentMib: mib("VmRSS"), privateMib: mib("RssAnon") };
}
