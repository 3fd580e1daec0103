/** kubefence node check */
import { setTimeout as delay } from "node:timers/promises";
import { type ProbeResult, probeLauncher } from "@kubefence/plugin/probe";
import { type BaseRuntime, fileRows } from "../host/check-files.ts";
import { kernelRows } from "../host/check-kernel.ts";
import { containerdRows, loadedRow, loadFix, pluginRow, versionRows } from "../host/check-runtime.ts";
import { dumpNow } from "../host/containerd.ts";
import { Host } from "../host/host.ts";
import { lockNode } from "../host/lock.ts";
import type { NodeOptions } from "../host/options.ts";
import { readPluginConfiguration } from "../runtime/compose.ts";
import { crioSocket, findRuntime } from "../host/runtime.ts";
import { selfTest, selfTestOf } from "../host/self-test.ts";
import { selfTestNotePath, writeSelfTestNote } from "../host/self-test-note.ts";
import { readInstalledState } from "../host/state.ts";
import { Transaction } from "../host/transaction.ts";
import { type CheckReport, type CheckRow, formatCheck, reportOf, selfTestName } from "../node/check.ts";
import { type EffectiveConfiguration, tableAt, textAt } from "../node/containerd/effective.ts";
import { findBaseHandler } from "../node/containerd/handler.ts";
import { nodeError } from "../node/errors.ts";
import { handlerName } from "../node/settings.ts";
import { type NodeFlags, toNodeOptions } from "./node-options.ts";
import { secondsAsMs } from "./flags.ts";
import type { Output } from "./output.ts";
import { messageOf } from "../thrown.ts";

/** How often a node that is not ready yet is looked at. */
const pauseMs = 3000;

export interface CheckFlags extends NodeFlags {
  /** Write down on the node that the self-test passed. */
  readonly note?: boolean;
  /** Seconds. */
  readonly untilReady?: string;
}

/** Says for each thing that sandboxed pods need whether the node has it. Reads only, but for the self-test's own container and its note. */
export async function checkNode(flags: CheckFlags): Promise<Output> {
  const options = toNodeOptions({ ...flags, selfTest: flags.selfTest === true || flags.note === true });
  const host = new Host(flags.root);
  const deadline = Date.now() + secondsAsMs("--until-ready", flags.untilReady ?? "0", 3600, "or zero");
  let report = await checkOnce(host, options);
  while (!report.ready && Date.now() + pauseMs < deadline) {
    await delay(pauseMs);
    report = await checkOnce(host, options);
  }
  if (flags.note === true && report.labels["kubefence.io/ready"] !== undefined) await note(host, options);
  const stdout = flags.json ? `${JSON.stringify(report, null, 2)}\n` : formatCheck(report);
  const bad = report.rows.filter(({ state }) => state === "bad").map(({ name }) => name);
  const failures = report.ready ? [] : [nodeError("KF_NODE_NOT_READY", "this node", `bad: ${bad.join(", ")}`)];
  return { stdout, failures };
}

async function checkOnce(host: Host, options: NodeOptions): Promise<CheckReport> {
  const plugin = readPluginConfiguration(options.pluginConfig);
  const probe = await probeLauncher(host.path(plugin.nonoBinPath), plugin.minLandlockAbi);
  const rows = await kernelRows(host, probe);
  const runtime = await rowsOfRuntime(host, options);
  rows.push(...runtime.rows);
  const installed = await readInstalledState(host, options.stateDirectory).catch(() => undefined);
  rows.push(...(await fileRows(host, options, plugin, installed, runtime.base)));
  rows.push(await unfinishedRow(host, options));
  return reportOf(rows, abiOf(probe));
}

/** Not while the node is changed: whoever does that takes the note away first. */
async function note(host: Host, options: NodeOptions): Promise<void> {
  await using _lock = await lockNode(host, options.stateDirectory);
  const path = selfTestNotePath(readPluginConfiguration(options.pluginConfig));
  await writeSelfTestNote(host, path).catch((cause: unknown) => {
    throw nodeError("KF_NODE_WRITE", path, messageOf(cause), { cause });
  });
}

function abiOf(probe: ProbeResult | { code: string }): number | undefined {
  return "code" in probe ? undefined : probe.abi;
}

async function rowsOfRuntime(host: Host, options: NodeOptions): Promise<{ rows: CheckRow[]; base: BaseRuntime }> {
  const rows: CheckRow[] = [];
  let base: BaseRuntime = { program: "", searchPath: "" };
  try {
    const found = await findRuntime(host, options.choice);
    rows.push(...versionRows(found));
    if (found.kind === "containerd") {
      const effective = await dumpNow(host, found);
      const handler = effective.handlers.get(findBaseHandler(effective) ?? "") ?? {};
      const program = textAt(tableAt(handler, ["options"]), "BinaryName");
      base = { program, searchPath: found.process?.searchPath ?? "" };
      rows.push(...(await containerdRows(host, effective, options.settings)));
      rows.push(await pluginRow(effective));
      if (options.selfTest) rows.push(await selfTestRow(host, effective));
    } else {
      rows.push(await loadedRow(host, crioSocket, handlerName, loadFix));
      if (options.selfTest) rows.push(unknownSelfTestRow);
    }
  } catch (error) {
    rows.push({ name: "container runtime", state: "bad", value: messageOf(error), fix: "correct it, and check again" });
  }
  return { rows, base };
}

const unknownSelfTestRow: CheckRow = {
  name: selfTestName,
  state: "warn",
  value: "there is none for CRI-O",
  fix: "start a pod of the handler; the node gets no label by node set-up",
};

async function selfTestRow(host: Host, effective: EffectiveConfiguration): Promise<CheckRow> {
  const failure = await selfTest(host, selfTestOf(effective));
  if (failure === undefined)
    return { name: selfTestName, state: "ok", value: "a container of the handler ran, under the launcher" };
  return {
    name: selfTestName,
    state: "bad",
    value: failure,
    fix: "see the code in docs/reference/errors.md, nono-runc's in docs/reference/nono-runc.md",
  };
}

async function unfinishedRow(host: Host, { stateDirectory }: NodeOptions): Promise<CheckRow> {
  const name = "set-up";
  try {
    const left = await Transaction.left(host, stateDirectory);
    if (left === undefined) return { name, state: "ok", value: "no run is unfinished" };
    return { name, state: "bad", value: `an ${left.operation} runs, or was killed`, fix: "run kubefence node install" };
  } catch (error) {
    // A journal that cannot be read: nobody knows what is unfinished.
    return { name, state: "bad", value: messageOf(error), fix: "see the code in docs/reference/errors.md" };
  }
}
