import { expect, test } from "vitest";
import { type DaemonSet, formatOutcomes, isDecided, outcomesOf, parsePods, type Pod } from "./uninstall-report.ts";

const daemonSet = (desiredNumberScheduled: number, observedGeneration = 1): DaemonSet => ({
  metadata: { generation: 1 },
  status: { desiredNumberScheduled, observedGeneration },
});

type Init = NonNullable<Pod["status"]["initContainerStatuses"]>[number];

function pod(nodeName: string, initialized: boolean, init?: Partial<Init>, phase = "Pending"): Pod {
  return {
    spec: { nodeName, affinity: undefined },
    status: {
      phase,
      conditions: [{ type: "Initialized", status: initialized ? "True" : "False" }],
      ...(init && { initContainerStatuses: [{ restartCount: 0, state: {}, lastState: {}, ...init }] }),
    },
  };
}
const refused = { exitCode: 1, message: "kubefence: KF_NODE_IN_USE: 2 sandboxed pods run\n" };

test("nodes that are done, that refused, and that nobody heard of", () => {
  const pods = [
    pod("c", false, { state: { waiting: { reason: "PodInitializing" } } }),
    pod("a", true, { state: { terminated: { exitCode: 0 } } }, "Running"),
    pod("b", false, {
      restartCount: 1,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: refused },
    }),
    pod("d", false),
  ];
  const outcomes = outcomesOf(daemonSet(4), pods) ?? [];
  expect(outcomes).toEqual([
    { node: "a", state: "done", why: "" },
    { node: "b", state: "failed", why: "KF_NODE_IN_USE: 2 sandboxed pods run" },
    { node: "c", state: "waiting", why: "not reached: its pod is Pending, PodInitializing" },
    { node: "d", state: "waiting", why: "not reached: its pod is Pending" },
  ]);
  expect(isDecided(outcomes)).toBe(false);
  expect(isDecided(outcomes.slice(0, 2))).toBe(true);
  expect(formatOutcomes(outcomes.slice(0, 2))).toBe(
    "b: KF_NODE_IN_USE: 2 sandboxed pods run\n1 of 2 nodes: set-up taken back\n",
  );
});

test("a first refusal is tried again; one over somebody else's command for as long as it takes", () => {
  expect(outcomesOf(daemonSet(1), [pod("a", false, { state: { terminated: refused } })])).toMatchObject([
    { state: "waiting", why: "KF_NODE_IN_USE: 2 sandboxed pods run" },
  ]);
  const locked = { terminated: { exitCode: 1, message: "kubefence: KF_NODE_LOCKED: x\n" } };
  const pods = [pod("a", false, { restartCount: 3, state: {}, lastState: locked })];
  expect(outcomesOf(daemonSet(1), pods)).toMatchObject([{ state: "waiting", why: "KF_NODE_LOCKED: x" }]);
});

test("which nodes there are is not known before the controller has looked, nor before it has made all pods", () => {
  expect(outcomesOf(daemonSet(0, 0), [])).toBeUndefined();
  expect(outcomesOf(daemonSet(2), [pod("a", true)])).toBeUndefined();
  expect(outcomesOf(daemonSet(0), [])).toEqual([]);
  expect(isDecided([])).toBe(true);
});

test("a pod that is not bound yet names its node in its affinity", () => {
  const text = JSON.stringify({
    items: [
      {
        spec: {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["worker-7"] }] }],
              },
            },
          },
        },
        status: { phase: "Pending" },
      },
    ],
  });
  expect(outcomesOf(daemonSet(1), parsePods(text))).toMatchObject([{ node: "worker-7", state: "waiting" }]);
});
