/** Which nodes an uninstallation by the chart reached, from the pods that do it. Pure. */
import { z } from "zod";

interface Terminated {
  readonly exitCode: number;
  readonly message?: string | undefined;
}

interface Container {
  readonly restartCount: number;
  readonly state: {
    readonly terminated?: Terminated | undefined;
    readonly waiting?: { readonly reason: string } | undefined;
  };
  readonly lastState: { readonly terminated?: Terminated | undefined };
}

/** As far as it matters here. */
export interface DaemonSet {
  readonly metadata: { readonly generation: number };
  readonly status: { readonly observedGeneration?: number | undefined; readonly desiredNumberScheduled: number };
}

/** As far as it matters here. */
export interface Pod {
  readonly spec: { readonly nodeName?: string | undefined; readonly affinity?: unknown };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[] | undefined;
    readonly initContainerStatuses?: readonly Container[] | undefined;
  };
}

const terminated = z.object({ exitCode: z.number(), message: z.string().optional() });
const container = z.object({
  restartCount: z.number(),
  state: z.object({ terminated: terminated.optional(), waiting: z.object({ reason: z.string() }).optional() }),
  lastState: z.object({ terminated: terminated.optional() }),
});
const daemonSet: z.ZodType<DaemonSet> = z.object({
  metadata: z.object({ generation: z.number() }),
  status: z.object({ observedGeneration: z.number().optional(), desiredNumberScheduled: z.number() }),
});
const podList: z.ZodType<{ items: readonly Pod[] }> = z.object({
  items: z.array(
    z.object({
      spec: z.object({ nodeName: z.string().optional(), affinity: z.unknown().optional() }),
      status: z.object({
        phase: z.string(),
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).optional(),
        initContainerStatuses: z.array(container).optional(),
      }),
    }),
  ),
});

/** The API server's answer for a DaemonSet. @throws what zod says */
export function parseDaemonSet(text: string): DaemonSet {
  return daemonSet.parse(JSON.parse(text));
}

/** The API server's answer for a list of pods. @throws what zod says */
export function parsePods(text: string): readonly Pod[] {
  return podList.parse(JSON.parse(text)).items;
}

/** `failed`: the command said no, twice; `waiting`: nothing was heard yet. */
export interface NodeOutcome {
  readonly node: string;
  readonly state: "done" | "failed" | "waiting";
  /** Why, where it is not done. */
  readonly why: string;
}

/** What became of each node; undefined while it is not known which ones there are. */
export function outcomesOf({ metadata, status }: DaemonSet, pods: readonly Pod[]): NodeOutcome[] | undefined {
  if ((status.observedGeneration ?? 0) < metadata.generation || pods.length < status.desiredNumberScheduled) {
    return undefined;
  }
  return pods
    .map((pod) => ({ node: pod.spec.nodeName ?? nodeWanted(pod.spec.affinity), ...outcomeOf(pod) }))
    .toSorted((left, right) => (left.node < right.node ? -1 : 1));
}

function outcomeOf({ status }: Pod): Omit<NodeOutcome, "node"> {
  const inits = status.initContainerStatuses ?? [];
  const init = inits.find((one) => (endOf(one)?.exitCode ?? 0) !== 0) ?? inits.find((one) => one.state.waiting);
  if (status.conditions?.some(({ type, status: holds }) => type === "Initialized" && holds === "True") === true) {
    return { state: "done", why: "" };
  }
  const ended = init === undefined ? undefined : endOf(init);
  if (init !== undefined && ended !== undefined && ended.exitCode !== 0) {
    const why = ended.message?.trim().replace(/^kubefence: /, "") || `exit code ${ended.exitCode}`;
    // The kubelet tries again. Twice is enough, unless it met somebody else's command.
    const isFinal = init.restartCount > 0 && !why.startsWith("KF_NODE_LOCKED");
    return { state: isFinal ? "failed" : "waiting", why };
  }
  const reason = init?.state.waiting?.reason;
  return { state: "waiting", why: `not reached: its pod is ${status.phase}${reason ? `, ${reason}` : ""}` };
}

/** How a container ended; while it runs again, how it did before. */
function endOf({ state, lastState }: Container): Terminated | undefined {
  return state.terminated ?? lastState.terminated;
}

/** A pod of a DaemonSet that no scheduler has seen names its node only here, beside what the chart's own affinity asks for. */
function nodeWanted(affinity: unknown): string {
  return (
    /"key":"metadata\.name","operator":"In","values":\["([^"]+)"\]/.exec(JSON.stringify(affinity) ?? "")?.[1] ??
    "a node that is not known"
  );
}

/** True where waiting longer brings nothing. */
export function isDecided(outcomes: readonly NodeOutcome[]): boolean {
  return outcomes.every(({ state }) => state !== "waiting");
}

/** One line for each node that is not done, and how many are. */
export function formatOutcomes(outcomes: readonly NodeOutcome[]): string {
  const done = outcomes.filter(({ state }) => state === "done").length;
  const others = outcomes.filter(({ state }) => state !== "done").map(({ node, why }) => `${node}: ${why}`);
  return `${[...others, `${done} of ${outcomes.length} nodes: set-up taken back`].join("\n")}\n`;
}
