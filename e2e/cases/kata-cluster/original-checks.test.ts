import { expect } from "vitest";
import { test } from "../../cluster-fixtures.ts";
import { handlerOf, kataClass } from "../../kata-cluster-setup.ts";
import { execute, pluginRecords } from "../../stack/cluster/under-test.ts";
import { tellOf } from "../../stack/kata-pod.ts";

// The checks 17 to 25 of the original's own end-to-end test. It asks by `kubectl exec`, which its own policy denies; here the pod
// tells of itself in its log.

test("checks 17 to 20: a pod of the class, its command, the launcher, the plugin's record", async ({
  cluster,
  runPod,
}) => {
  const name = "nono-e2e-kata";
  const told = await tellOf(cluster, runPod, name, kataClass);
  expect(told.get("cmdline")).toContain("sleep");
  expect(told.get("launcher")).toBe("executable");
  expect(await pluginRecords(cluster, name)).toContainEqual(expect.objectContaining({ msg: "injected" }));
});

test("checks 21 to 25: the same, and the variable NONO_PROFILE", async ({ cluster, runPod }) => {
  const name = "nono-e2e-kata-qemu";
  const told = await tellOf(cluster, runPod, name, kataClass);
  expect(told.get("cmdline")).toContain("sleep");
  expect(told.get("launcher")).toBe("executable");
  expect(told.get("profile")).toBe("default");
  expect(await pluginRecords(cluster, name)).toContainEqual(expect.objectContaining({ msg: "injected" }));
});

test("18, 19, 22 to 24 as the original asks them: kubectl exec, which the policy denies", async ({
  cluster,
  runPod,
}) => {
  const name = "nono-e2e-kata-exec";
  await runPod({ name, runtimeClassName: kataClass, profile: "default" });
  const { exitCode, stderr } = await execute(cluster, name, ["cat", "/proc/1/cmdline"]);
  // A handler of Kata's own has no such policy.
  if ((await handlerOf(cluster.kubectl)) !== "kata-nono-qemu") expect(exitCode).toBe(0);
  else expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/policy/i) });
});
