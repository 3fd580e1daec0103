import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { adjustmentFor } from "../adjust/adjustment.ts";
import { TestCall, TestDaemon } from "../testing/daemon.ts";
import { bindMount, containerInput, podInput } from "../testing/inputs.ts";
import { synchronize } from "./synchronize.ts";

const decision = {
  kind: "sandbox",
  profile: "default",
  options: ["--scope-signals"],
  ignoredAnnotation: undefined,
} as const;
const sandboxed = adjustmentFor(decision, containerInput(), "/opt/nono-nri");
const pods = [podInput({ id: "ours", name: "web" }), podInput({ id: "other", name: "plain", runtimeHandler: "" })];

function container(id: string, podSandboxId: string, changes: object = {}): ReturnType<typeof fields> {
  return { ...fields(id, podSandboxId), ...changes };
}

function fields(
  id: string,
  podSandboxId: string,
): { id: string; podSandboxId: string; args: readonly string[]; mounts: typeof sandboxed.mounts } {
  return { id, podSandboxId, args: sandboxed.args, mounts: sandboxed.mounts };
}

test("containers of our classes that do not run under the launcher are reported and counted, after the answer", () => {
  using daemon = new TestDaemon();
  const call = new TestCall();
  const containers = [
    container("good", "ours"),
    container("bare", "ours", { args: ["nginx"], mounts: [] }),
    container("no-mount", "ours", { mounts: [] }),
    container("other-launcher", "ours", { mounts: [bindMount("/nono", "/srv/evil")] }),
    container("covered", "ours", { mounts: [...sandboxed.mounts, bindMount("/nono/nono", "/srv/evil")] }),
    container("not-ours", "other", { args: ["nginx"], mounts: [] }),
    container("orphan", "unknown", { args: ["nginx"], mounts: [] }),
  ];
  synchronize(daemon, pods, containers, call);
  expect(daemon.records).toEqual([]);
  call.answered();
  expect(daemon.logged("unsandboxed")).toEqual(
    ["bare", "no-mount", "other-launcher", "covered"].map((container_id) => ({
      level: "WARN",
      message: "unsandboxed",
      attributes: { container_id, namespace: "team-a", pod: "web" },
    })),
  );
  expect(daemon.logged("synchronized")).toMatchObject([{ attributes: { pods: 2, containers: 7, unsandboxed: 4 } }]);
  expect(daemon.decisions).toEqual(["unsandboxed 4"]);
});

test("records of containers that are gone are swept, those of the living stay", async () => {
  using daemon = new TestDaemon();
  for (const containerId of ["alive", "gone"]) {
    daemon.state.write({ containerId, podUid: "pod-uid", pod: "web", namespace: "team-a", profile: "default" });
  }
  const call = new TestCall();
  synchronize(daemon, pods, [container("alive", "ours")], call);
  call.answered();
  await daemon.state.idle();
  expect(existsSync(join(daemon.stateDirectory, "pod-uid", "alive"))).toBe(true);
  expect(existsSync(join(daemon.stateDirectory, "pod-uid", "gone"))).toBe(false);
});
