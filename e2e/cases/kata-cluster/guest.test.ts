import { expect } from "vitest";
import { test } from "../../cluster-fixtures.ts";
import { kataClass } from "../../kata-cluster-setup.ts";
import { tellOf } from "../../stack/kata-pod.ts";

// What only a real virtual machine can show.

test("the guest's kernel denies what the profile does not grant", async ({ cluster, runPod }) => {
  const told = await tellOf(cluster, runPod, "kata-denied", kataClass);
  expect(told.get("write to /usr/bin")).toMatch(/Permission denied/);
  expect(told.get("write to /tmp")).toBe("done");
});

test("it is a kernel of its own, and a seccomp filter is in force in it", async ({ cluster, runPod }) => {
  const told = await tellOf(cluster, runPod, "kata-guest", kataClass);
  const pod = await cluster.kubectl.get("pod", "kata-guest");
  const node = await cluster.kubectl.get("node", pod["spec"].nodeName);
  expect(told.get("kernel")).toMatch(/^\d+\.\d+/);
  expect(told.get("kernel")).not.toBe(node["status"].nodeInfo.kernelVersion);
  // 2 is SECCOMP_MODE_FILTER, proc(5).
  expect(told.get("seccomp")).toBe("2");
});

test.for([
  ["guest-seccomp", "io.katacontainers.config.runtime.disable_guest_seccomp", "true", "KATA_ANNOTATION_REFUSED"],
  ["kernel-params", "io.katacontainers.config.hypervisor.kernel_params", "lsm=", "KATA_ANNOTATION_REFUSED"],
  ["config-path", "io.katacontainers.config_path", "/opt/kata/other.toml", "KATA_ANNOTATION_REFUSED"],
  ["agent-policy", "io.katacontainers.config.agent.policy", "cGFja2FnZSBhZ2VudF9wb2xpY3kK", "KATA_POLICY_REFUSED"],
] as const)(
  "%s: %s is refused, and the pod's events say why",
  async ([id, annotation, value, code], { cluster, createPod }) => {
    const name = `kata-refused-${id}`;
    await createPod({ name, runtimeClassName: kataClass, annotations: { [annotation]: value } });
    const events = (): Promise<string> => cluster.kubectl.run(["describe", "pod", name]);
    await expect.poll(events, { timeout: 120_000, interval: 1000 }).toContain(code);
  },
);
