/** kubefence node report-uninstall */
import { setTimeout as delay } from "node:timers/promises";
import { openApiServer } from "@kubefence/plugin/api-server";
import { messageOf } from "../host/host.ts";
import { nodeError } from "../node/errors.ts";
import {
  formatOutcomes,
  isDecided,
  type NodeOutcome,
  outcomesOf,
  parseDaemonSet,
  parsePods,
} from "../node/uninstall-report.ts";
import { type Output, UsageError } from "./output.ts";

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
  const seconds = Number(timeout);
  if (!(seconds > 0 && seconds <= 3600)) throw new UsageError(`--timeout ${timeout}: must be seconds, up to 3600`);
  const deadline = Date.now() + seconds * 1000;
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
