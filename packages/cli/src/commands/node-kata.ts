/** kubefence node kata plan, wait, install, check, uninstall */
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import packageJson from "../../package.json" with { type: "json" };
import { Host } from "../host/host.ts";
import { findConfiguration } from "../host/kata/find.ts";
import { installKata } from "../host/kata/install.ts";
import type { KataOptions } from "../host/kata/options.ts";
import { planKata } from "../host/kata/plan.ts";
import { signatureOf, watchedPaths } from "../host/kata/watch.ts";
import { lockNode } from "../host/lock.ts";
import { readInstalledState } from "../host/state.ts";
import { Transaction } from "../host/transaction.ts";
import { planUninstall, uninstall } from "../host/uninstall.ts";
import { NodeError, nodeError } from "../node/errors.ts";
import { kataHandlerName } from "../node/kata/settings.ts";
import { formatPlan, isDone, planJson } from "../node/plan.ts";
import { secondsAsMs } from "./flags.ts";
import { type KataFlags, toKataOptions } from "./node-kata-options.ts";
import { recoverNode, report, requireRoot, toFailures } from "./node-outcome.ts";
import type { Output } from "./output.ts";

const somethingToDo = 2;
const pollMs = 5000;

/** Says what install would do; reads only. */
export async function plan(flags: KataFlags): Promise<Output> {
  const [host, options] = [new Host(flags.root), toKataOptions(flags)];
  const { shown: planned } = await whenThere(options, () => planKata(host, options));
  const left = await Transaction.left(host, options.stateDirectory);
  const notes =
    left === undefined ? [] : [`an earlier ${left.operation} runs, or was killed: install finishes or undoes it first`];
  const shown = { ...planned, notes: [...notes, ...planned.notes] };
  const stdout = flags.json ? planJson(shown) : formatPlan(shown);
  return { stdout, failures: toFailures(shown.problems), exitCode: isDone(shown) ? 0 : somethingToDo };
}

/** Waits until Kata's QEMU configuration is there; needs no rights but to read it. */
export async function waitForKata(flags: KataFlags): Promise<Output> {
  const [host, options] = [new Host(flags.root), toKataOptions(flags)];
  const path = await whenThere(options, () => findConfiguration(host, options.settings.qemuConfig));
  return { stdout: `${path} is there\n` };
}

/** Brings the node to what plan says. */
export async function installOnNode(flags: KataFlags): Promise<Output> {
  requireRoot("kubefence node kata");
  const [host, options] = [new Host(flags.root), toKataOptions(flags)];
  // Kata may take its time, and the other set-up of this node must not wait for it.
  await whenThere(options, () => planKata(host, options));
  await using _lock = await lockNode(host, dirname(options.stateDirectory));
  return await setUp(host, options, flags);
}

/**
 * The same whenever somebody has changed what the set-up is made of, as an upgrade of Kata does. Yields what was done; ends only
 * with an error.
 */
export async function* keepInstalled(flags: KataFlags, interval: string): AsyncGenerator<Output> {
  const [host, options] = [new Host(flags.root), toKataOptions(flags)];
  const intervalMs = Math.max(secondsAsMs("--watch", interval, 3600, "not zero"), 100);
  yield await installOnNode(flags);
  for (;;) {
    await untilChanged(host, options, intervalMs);
    const output = await patiently(options, intervalMs, () => setUpAgain(host, options, flags));
    if (output === undefined) break;
    yield output;
  }
  yield { stdout: "it was uninstalled, and stays so until this command is started anew\n" };
  // To end would be to be started anew.
  for (;;) await delay(intervalMs);
}

/** Resolves when there is something to do again, and nobody is at it any more. */
async function untilChanged(host: Host, options: KataOptions, intervalMs: number): Promise<void> {
  const planned = await patiently(options, intervalMs, () => planKata(host, options));
  const paths = watchedPaths(planned, options);
  let seen = await signatureOf(host, paths);
  const settled = seen;
  // What was changed before the signature is seen now, and everything later by it.
  if (!isDone((await patiently(options, intervalMs, () => planKata(host, options))).shown)) return;
  for (let before = ""; seen === settled || seen !== before;) {
    await delay(intervalMs);
    before = seen;
    seen = await signatureOf(host, paths);
  }
}

/** Undefined where somebody has uninstalled it: it is not put back behind their back. */
async function setUpAgain(host: Host, options: KataOptions, flags: KataFlags): Promise<Output | undefined> {
  await using _lock = await lockNode(host, dirname(options.stateDirectory));
  if ((await readInstalledState(host, options.stateDirectory)) === undefined) return undefined;
  return await setUp(host, options, flags);
}

/** What is not there while others restart the runtime or upgrade Kata is there later. */
const passing: ReadonlySet<string> = new Set(["KF_KATA_MISSING", "KF_NODE_RUNTIME_MISSING", "KF_NODE_LOCKED"]);
const leastPatienceMs = 120_000;

async function patiently<Result>(
  { kataTimeoutMs }: KataOptions,
  intervalMs: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const deadline = Date.now() + Math.max(kataTimeoutMs, leastPatienceMs);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NodeError) || !passing.has(error.code) || Date.now() > deadline) throw error;
      await delay(intervalMs);
    }
  }
}

/** Under the node's lock. */
async function setUp(host: Host, options: KataOptions, flags: KataFlags): Promise<Output> {
  const recovered = await recoverNode(host, options, [dirname(options.stateDirectory), options.stateDirectory]);
  const planned = await planKata(host, options);
  const [problem, ...others] = planned.shown.problems;
  if (problem !== undefined) throw new NodeError([problem, ...others]);
  const done = isDone(planned.shown) ? [] : await installKata(host, planned, options, packageJson.version);
  const notes = [...recovered, ...planned.shown.notes];
  return report(flags, { changed: done.length > 0, done, notes });
}

/** Restores the node. */
export async function uninstallFromNode(flags: KataFlags & { readonly force?: boolean }): Promise<Output> {
  requireRoot("kubefence node kata");
  const [host, options] = [new Host(flags.root), toKataOptions(flags)];
  const nodeState = dirname(options.stateDirectory);
  await using _lock = await lockNode(host, nodeState);
  const notes = await recoverNode(host, options, [nodeState, options.stateDirectory]);
  const installed = await readInstalledState(host, options.stateDirectory);
  if (installed === undefined) return report(flags, { changed: false, done: [], notes });
  const leaving = { ...options, operation: "kata uninstall", handler: kataHandlerName, otherState: nodeState };
  const planned = await planUninstall(host, leaving, installed, flags.force === true);
  const done = await uninstall(host, planned, leaving);
  return report(flags, { changed: done.length > 0, done, notes: [...notes, ...planned.notes] });
}

/** Tries again while Kata is not there. @throws {NodeError} KF_KATA_MISSING when the time is over */
async function whenThere<Result>({ kataTimeoutMs }: KataOptions, find: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + kataTimeoutMs;
  for (;;) {
    try {
      return await find();
    } catch (error) {
      if (!(error instanceof NodeError) || error.code !== "KF_KATA_MISSING") throw error;
      if (Date.now() + pollMs <= deadline) {
        await delay(pollMs);
        continue;
      }
      if (kataTimeoutMs === 0) throw error;
      const [{ where, what } = { where: "Kata", what: error.message }] = error.problems;
      throw nodeError("KF_KATA_MISSING", where, `${what}, also after ${kataTimeoutMs / 1000} s`, { cause: error });
    }
  }
}
