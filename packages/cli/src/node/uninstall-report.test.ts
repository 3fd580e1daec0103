import { expect, test } from "vitest";
import {
  type DaemonSet,
  formatOutcomes,
  isDecided,
  outcomesOf,
  parseDaemonSet,
  parsePods,
  type Pod,
} from "./uninstall-report.ts";

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
/** What is made of the only pod of a DaemonSet, given a part of its status. */
function outcomeOf(status: Partial<Pod["status"]>): unknown {
  const one: Pod = { spec: { nodeName: "a" }, status: { phase: "Pending", ...status } };
  return outcomesOf(daemonSet(1), [one])?.[0];
}

function whyOf(...inits: Partial<Init>[]): unknown {
  return outcomeOf({
    initContainerStatuses: inits.map((init) => ({ restartCount: 0, state: {}, lastState: {}, ...init })),
  });
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
                nodeSelectorTerms: [
                  {
                    matchExpressions: [{ key: "kubernetes.io/os", operator: "In", values: ["linux"] }],
                    matchFields: [{ key: "metadata.name", operator: "In", values: ["worker-7"] }],
                  },
                ],
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

test("the lines for the nodes that are not done, and how many are", () => {
  expect(
    formatOutcomes([
      { node: "a", state: "done", why: "" },
      { node: "b", state: "failed", why: "x" },
      { node: "c", state: "waiting", why: "y" },
    ]),
  ).toBe("b: x\nc: y\n1 of 3 nodes: set-up taken back\n");
});

test("a pod is done when it says that it is initialized, and nothing else", () => {
  const other = { type: "PodScheduled", status: "True" };
  const initialized = { type: "Initialized", status: "True" };
  expect(outcomeOf({ conditions: [other] })).toMatchObject({
    state: "waiting",
    why: "not reached: its pod is Pending",
  });
  expect(outcomeOf({ conditions: [{ ...initialized, status: "False" }] })).toMatchObject({ state: "waiting" });
  expect(outcomeOf({ conditions: [{ ...other, status: "False" }, initialized] })).toMatchObject({ state: "done" });
  expect(outcomeOf({ conditions: [] })).toMatchObject({ state: "waiting" });
  expect(outcomeOf({ conditions: undefined })).toMatchObject({ state: "waiting" });
});

test("why it did not, from the init container that says so", () => {
  const ended = { state: { terminated: { exitCode: 0 } } };
  expect(whyOf(ended, { state: { terminated: refused } })).toMatchObject({
    why: "KF_NODE_IN_USE: 2 sandboxed pods run",
  });
  expect(whyOf({ state: { terminated: { exitCode: 137 } } })).toMatchObject({ why: "exit code 137" });
  expect(whyOf({ state: { terminated: { exitCode: 1, message: "read kubefence: no\n" } } })).toMatchObject({
    why: "read kubefence: no",
  });
  expect(whyOf(ended, { state: { waiting: { reason: "ErrImagePull" } } })).toMatchObject({
    why: "not reached: its pod is Pending, ErrImagePull",
  });
  // It did its work once, and now waits to do it again.
  const again = { state: { waiting: { reason: "PodInitializing" } }, lastState: { terminated: { exitCode: 0 } } };
  expect(whyOf(again)).toMatchObject({ why: "not reached: its pod is Pending, PodInitializing" });
  expect(whyOf({ state: {} })).toMatchObject({ why: "not reached: its pod is Pending" });
});

test("what the API server says is read as far as it matters, and nodes that it does not name have no name", () => {
  const status = { observedGeneration: 2, desiredNumberScheduled: 3, numberReady: 0 };
  expect(parseDaemonSet(JSON.stringify({ metadata: { generation: 2, name: "x" }, status }))).toEqual({
    metadata: { generation: 2 },
    status: { observedGeneration: 2, desiredNumberScheduled: 3 },
  });
  expect(() => parseDaemonSet("{}")).toThrow("metadata");
  for (const spec of [{}, { affinity: { nodeAffinity: {} } }]) {
    const pods = parsePods(JSON.stringify({ items: [{ spec, status: { phase: "Pending" } }] }));
    expect(outcomesOf(daemonSet(1), pods)).toMatchObject([{ node: "a node that is not known" }]);
  }
});
