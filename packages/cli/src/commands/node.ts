/** kubefence node plan, install, uninstall */
import packageJson from "../../package.json" with { type: "json" };
import { Host } from "../host/host.ts";
import { planInstall } from "../host/install-plan.ts";
import { install } from "../host/install.ts";
import { lockNode } from "../host/lock.ts";
import type { NodeOptions } from "../host/options.ts";
import { recover } from "../host/recover.ts";
import { crioSocket, findRuntime } from "../host/runtime.ts";
import { dumpNow } from "../host/containerd.ts";
import { chooseRestart, type Restart, untilBack } from "../host/service.ts";
import { readInstalledState } from "../host/state.ts";
import { Transaction } from "../host/transaction.ts";
import { planUninstall, uninstall } from "../host/uninstall.ts";
import { NodeError, nodeError } from "../node/errors.ts";
import { formatPlan, isDone, planJson } from "../node/plan.ts";
import { type NodeFlags, toNodeOptions } from "./node-options.ts";
import type { Output } from "./output.ts";

const somethingToDo = 2;

/** Says what install would do; reads only. */
export async function plan(flags: NodeFlags): Promise<Output> {
  const [host, options] = [new Host(flags.root), toNodeOptions(flags)];
  const planned = await planInstall(host, options, packageJson.version);
  const left = await Transaction.left(host, options.stateDirectory);
  const notes =
    left === undefined ? [] : [`an earlier ${left.operation} runs, or was killed: install finishes or undoes it first`];
  const shown = { ...planned.shown, notes: [...notes, ...planned.shown.notes] };
  const stdout = flags.json ? planJson(shown) : formatPlan(shown);
  return { stdout, failures: toFailures(shown.problems), exitCode: isDone(shown) ? 0 : somethingToDo };
}

/** Brings the node to what plan says. */
export async function installNode(flags: NodeFlags): Promise<Output> {
  requireRoot();
  const options = toNodeOptions(flags);
  const host = new Host(flags.root);
  await using _lock = await lockNode(host, options.stateDirectory);
  const recovered = await recover(host, options.stateDirectory, () => prepareRestart(host, options));
  const planned = await planInstall(host, options, packageJson.version);
  const [problem, ...others] = planned.shown.problems;
  if (problem !== undefined) throw new NodeError([problem, ...others]);
  const lines = isDone(planned.shown) ? [] : await install(host, planned, options, packageJson.version);
  return report(flags, {
    changed: lines.length > 0,
    done: lines,
    notes: [...(recovered ? [recovered] : []), ...planned.shown.notes],
  });
}

/** Restores the node. */
export async function uninstallNode(flags: NodeFlags & { readonly force?: boolean }): Promise<Output> {
  requireRoot();
  const options = toNodeOptions(flags);
  const host = new Host(flags.root);
  await using _lock = await lockNode(host, options.stateDirectory);
  const recovered = await recover(host, options.stateDirectory, () => prepareRestart(host, options));
  const installed = await readInstalledState(host, options.stateDirectory);
  const notes = recovered ? [recovered] : [];
  if (installed === undefined) return report(flags, { changed: false, done: [], notes });
  const planned = await planUninstall(host, options, installed, flags.force === true);
  const done = await uninstall(host, planned, options);
  return report(flags, { changed: done.length > 0, done, notes: [...notes, ...planned.notes] });
}

/** Makes sure that the runtime can be restarted; its files may be others by the time that it is. */
async function prepareRestart(host: Host, options: NodeOptions): Promise<Restart> {
  const found = await findRuntime(host, options.choice);
  const restart = chooseRestart(found, options);
  return async () => {
    const socket = found.kind === "crio" ? crioSocket : (await dumpNow(host, found)).socket;
    await restart(host);
    await untilBack(host, socket, () => true, options.backTimeoutMs);
  };
}

interface Report {
  readonly changed: boolean;
  readonly done: readonly string[];
  readonly notes: readonly string[];
}

function report({ json }: NodeFlags, result: Report): Output {
  if (json) return { stdout: `${JSON.stringify(result, null, 2)}\n` };
  const done = result.changed ? result.done : ["nothing to do"];
  return { stdout: [...result.notes.map((note) => `note: ${note}`), ...done, ""].join("\n") };
}

function toFailures(problems: NodeError["problems"]): NodeError[] {
  return problems.map((problem) => new NodeError([problem]));
}

function requireRoot(): void {
  if (process.geteuid?.() === 0) return;
  throw nodeError("KF_NODE_NOT_ROOT", "kubefence node", `it runs as uid ${process.geteuid?.()}`);
}
