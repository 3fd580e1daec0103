/** kubefence node report-uninstall */
import { setTimeout as delay } from "node:timers/promises";
import { openApiServer } from "@kubefence/plugin/api-server";
import { nodeError } from "../node/errors.ts";
import {
  formatOutcomes,
  isDecided,
  type NodeOutcome,
  outcomesOf,
  parseDaemonSet,
  parsePods,
} from "../node/uninstall-report.ts";
import { secondsAsMs } from "./flags.ts";
import type { Output } from "./output.ts";
import { messageOf } from "../thrown.ts";

const pauseMs = 2000;

export interface ReportFlags {
  readonly namespace: string;
  readonly daemonset: string;
  readonly selector: string;
  /** Seconds. */
  readonly timeout: string;
}

/** Waits for the pods of a DaemonSet that take node set-up back, and says which nodes they did not reach. @throws {NodeError} | {UsageError} */
export async function reportUninstall({ namespace, daemonset, selector, timeout }: ReportFlags): Promise<Output> {
  const deadline = Date.now() + secondsAsMs("--timeout", timeout, 3600, "not zero");
  let outcomes: NodeOutcome[] | undefined;
  let failure: unknown;
  while (outcomes === undefined || !isDecided(outcomes)) {
    if (Date.now() > deadline) break;
    await delay(pauseMs);
    try {
      outcomes = await look(namespace, daemonset, selector);
      failure = undefined;
    } catch (error) {
      failure = error;
    }
  }
  if (outcomes === undefined) {
    const what = failure === undefined ? "it has no pods yet" : messageOf(failure);
    throw nodeError("KF_NODE_NOT_REACHED", `DaemonSet ${daemonset}`, what, { cause: failure });
  }
  const left = outcomes.filter(({ state }) => state !== "done").map(({ node }) => node);
  const failures = left.length === 0 ? [] : [nodeError("KF_NODE_NOT_REACHED", "this cluster", left.join(", "))];
  return { stdout: formatOutcomes(outcomes), failures };
}

async function look(namespace: string, daemonset: string, selector: string): Promise<NodeOutcome[] | undefined> {
  const ask = openApiServer(process.env);
  const daemonSets = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/daemonsets/${encodeURIComponent(daemonset)}`;
  const pods = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?labelSelector=${encodeURIComponent(selector)}`;
  return outcomesOf(parseDaemonSet(await ask("GET", daemonSets)), parsePods(await ask("GET", pods)));
}
