/** kubefence node plan, install, uninstall */
import packageJson from "../../package.json" with { type: "json" };
import { kataState } from "../host/heir.ts";
import { Host } from "../host/host.ts";
import { planInstall } from "../host/install-plan.ts";
import { install } from "../host/install.ts";
import { lockNode } from "../host/lock.ts";
import type { NodeOptions } from "../host/options.ts";
import { readInstalledState } from "../host/state.ts";
import { Transaction } from "../host/transaction.ts";
import { planUninstall, uninstall } from "../host/uninstall.ts";
import { NodeError } from "../node/errors.ts";
import { handlerName } from "../node/settings.ts";
import { formatPlan, isDone, planJson } from "../node/plan.ts";
import { type NodeFlags, toNodeOptions } from "./node-options.ts";
import { recoverNode, report, requireRoot, toFailures } from "./node-outcome.ts";
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
  requireRoot("kubefence node");
  const options = toNodeOptions(flags);
  const host = new Host(flags.root);
  await using _lock = await lockNode(host, options.stateDirectory);
  const recovered = await recoverNode(host, options, statesOf(options));
  const planned = await planInstall(host, options, packageJson.version);
  const [problem, ...others] = planned.shown.problems;
  if (problem !== undefined) throw new NodeError([problem, ...others]);
  const lines = isDone(planned.shown) ? [] : await install(host, planned, options, packageJson.version);
  return report(flags, {
    changed: lines.length > 0,
    done: lines,
    notes: [...recovered, ...planned.shown.notes],
  });
}

/** Restores the node. */
export async function uninstallNode(flags: NodeFlags & { readonly force?: boolean }): Promise<Output> {
  requireRoot("kubefence node");
  const options = toNodeOptions(flags);
  const host = new Host(flags.root);
  await using _lock = await lockNode(host, options.stateDirectory);
  const notes = await recoverNode(host, options, statesOf(options));
  const installed = await readInstalledState(host, options.stateDirectory);
  if (installed === undefined) return report(flags, { changed: false, done: [], notes });
  const leaving = {
    ...options,
    operation: "uninstall",
    handler: handlerName,
    otherState: kataState(options.stateDirectory),
  };
  const planned = await planUninstall(host, leaving, installed, flags.force === true);
  const done = await uninstall(host, planned, leaving);
  return report(flags, { changed: done.length > 0, done, notes: [...notes, ...planned.notes] });
}

/** Ours, and Kata's: a killed run of either is undone first. */
function statesOf({ stateDirectory }: NodeOptions): string[] {
  return [stateDirectory, kataState(stateDirectory)];
}
