// `make faults`: creates containers while plugin and containerd fail in every way that is known, and counts the ones that
// start unsandboxed, of which there must be none. Needs root. Writes build/faults.json.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { checkout } from "../stack/directories.ts";
import { TestNode } from "../stack/node.ts";
import type { Pod } from "../stack/kubelet/pod.ts";
import { PluginProcess } from "../stack/plugin/process.ts";
import { RuntimeInstallation } from "../stack/runtime/installation.ts";
import { createMany, type Tally } from "./creations.ts";
import { type Fault, faults, type Ground, unlimitMemory } from "./faults.ts";
import { SlowNriProxy } from "./slow-nri-proxy.ts";
import { PluginSupervisor } from "./supervisor.ts";

const { values } = parseArgs({
  options: { creations: { type: "string", default: "1000" }, only: { type: "string", default: "" } },
});
const creations = Number(values.creations);
if (!(creations > 0)) {
  throw new Error(`--creations ${values.creations}: must be a number above 0`);
}
const chosen = faults.filter(({ name }) => name.includes(values.only));
if (chosen.length === 0) {
  throw new Error(
    `--only ${values.only}: no fault's name has it; there are ${faults.map(({ name }) => name).join("; ")}`,
  );
}
const recoveryTimeoutMs = 60_000;

interface FaultResult extends Tally {
  /** From the end of the fault until a container was created again. */
  recoveredMs: number;
}

const node = await TestNode.start(["faults", process.env["KUBEFENCE_NODE"]].filter(Boolean).join("-"));
const results: Record<string, FaultResult> = {};
try {
  const ground = await prepare();
  const { runtimeName, runtimeVersion } = await node.cri.version();
  console.log(`${runtimeName} ${runtimeVersion}, ${creations} creations, logs in ${node.directories.logs}`);
  for (const fault of chosen) {
    const result = await run(fault, ground);
    results[fault.name] = result;
    const { created, refused, unsandboxed, recoveredMs, reasons } = result;
    console.log(
      `${fault.name}: ${created} created, ${refused} refused, ${unsandboxed} unsandboxed; again after ${recoveredMs} ms`,
    );
    for (const [reason, count] of Object.entries(reasons)) console.log(`    ${count} × ${reason}`);
  }
  await ground.plugin.stop();
  ground.proxy.stop();
} finally {
  unlimitMemory();
  await node.stop();
}
mkdirSync(join(checkout, "build"), { recursive: true });
writeFileSync(join(checkout, "build/faults.json"), `${JSON.stringify(results, null, 2)}\n`);
const all = Object.values(results);
const total = (of: (result: FaultResult) => number): number => all.reduce((sum, result) => sum + of(result), 0);
const unsandboxed = total((result) => result.unsandboxed);
const unrecovered = all.filter(({ recoveredMs }) => recoveredMs > recoveryTimeoutMs).length;
console.log(
  `${total(({ created, refused }) => created + refused) + unsandboxed} creations: ${unsandboxed} unsandboxed starts`,
);
const unexplained = total(({ unexplained: count }) => count);
if (unexplained > 0) console.log(`${unexplained} refusals have no reason that is known`);
if (unsandboxed > 0 || unrecovered > 0 || unexplained > 0) process.exitCode = 1;

async function prepare(): Promise<Ground> {
  const { directories } = node;
  const proxy = new SlowNriProxy(join(directories.run, "slow-nri.sock"), directories.nriSocket);
  PluginProcess.install(directories, { socket_path: proxy.path });
  const runtime = new RuntimeInstallation(directories);
  await runtime.install();
  await node.restartContainerd({ handlerBinary: runtime.program });
  await proxy.start();
  const plugin = new PluginSupervisor(directories);
  await plugin.start();
  return { node, runtime, plugin, proxy };
}

async function run(fault: Fault, ground: Ground): Promise<FaultResult> {
  const pod = await node.runPod({ name: `pod-${process.pid}-${Date.now()}`, runtimeHandler: "nono-runc" });
  const count = Math.max(8, Math.round((creations * fault.share) / 1000));
  const [first, last] = [Math.ceil(count / 4), Math.ceil((3 * count) / 4)];
  try {
    // One of the callers makes the fault, the others go on asking meanwhile.
    let begun: Promise<void> | undefined;
    const tally = await createMany(pod, count, async (asked) => {
      if (asked === first) {
        begun = fault.begin(ground);
        await begun;
      } else if (asked === last) {
        await begun;
        await fault.end(ground);
        if (fault.hasHappened?.(ground) === false) throw new Error(`${fault.name}: it did not happen`);
      } else if (asked > first && asked < last) {
        await fault.go?.(ground);
      }
    });
    return { ...tally, recoveredMs: await recover(pod) };
  } finally {
    await pod.remove();
  }
}

/** Waits, and does nothing else, until a container is created again. */
async function recover(pod: Pod): Promise<number> {
  const started = performance.now();
  for (;;) {
    const { created } = await createMany(pod, 1);
    const elapsedMs = Math.round(performance.now() - started);
    if (created === 1 || elapsedMs > recoveryTimeoutMs) return elapsedMs;
    await delay(200);
  }
}
