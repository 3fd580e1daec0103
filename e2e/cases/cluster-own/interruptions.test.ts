import { expect } from "vitest";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import { containerId, execute, ociConfiguration, pluginSelector } from "../../stack/cluster/under-test.ts";

// The plugin, the runtime, the kubelet and the whole node go away and come back: what runs stays confined, what starts is.

const denied = { exitCode: 1, stderr: expect.stringContaining("Permission denied") };

test("plugin pod killed: running pods go on, new ones are sandboxed when it is back", async ({
  cluster,
  runPod,
  own,
}) => {
  const before = await runPod({ name: "killed-before", runtimeClassName: "nono-runc" });
  const [plugin] = await own.kubectl.list("pods", pluginSelector, cluster.namespace);
  await own.kubectl.run([
    "delete",
    "pod",
    plugin?.metadata.name ?? "",
    `--namespace=${cluster.namespace}`,
    "--grace-period=0",
    "--force",
  ]);
  const after = await runPod({ name: "killed-after", runtimeClassName: "nono-runc" });
  expect(ociConfiguration(own, containerId(after)).process.args[0]).toBe("/nono/nono");
  for (const name of ["killed-before", "killed-after"]) {
    expect(await execute(cluster, name, ["cat", "/etc/shadow"])).toMatchObject(denied);
  }
  expect(containerId(await own.kubectl.get("pod", "killed-before"))).toBe(containerId(before));
});

test.for(["TERM", "KILL"] as const)("containerd restarted by SIG%s", async (signal, { cluster, runPod, own }) => {
  const before = await runPod({ name: "containerd-before", runtimeClassName: "nono-runc" });
  await own.machine.restartService("containerd", signal);
  const after = await runPod({ name: "containerd-after", runtimeClassName: "nono-runc" });
  expect(ociConfiguration(own, containerId(after)).process.args[0]).toBe("/nono/nono");
  for (const name of ["containerd-before", "containerd-after"]) {
    expect(await execute(cluster, name, ["cat", "/etc/shadow"])).toMatchObject(denied);
  }
  const now = await own.kubectl.get("pod", "containerd-before");
  expect(containerId(now)).toBe(containerId(before));
});

test("kubelet restarted", async ({ cluster, runPod, own }) => {
  const before = await runPod({ name: "kubelet-before", runtimeClassName: "nono-runc" });
  await own.machine.restartService("kubelet");
  await runPod({ name: "kubelet-after", runtimeClassName: "nono-runc" });
  for (const name of ["kubelet-before", "kubelet-after"]) {
    expect(await execute(cluster, name, ["cat", "/etc/shadow"])).toMatchObject(denied);
  }
  expect(containerId(await own.kubectl.get("pod", "kubelet-before"))).toBe(containerId(before));
});

test("the whole node stopped and started: its pods come back, confined", async ({ cluster, runPod, own }) => {
  const before = await runPod({ name: "power-before", runtimeClassName: "nono-runc" });
  await own.powerCycle();
  await expect
    .poll(async () => containerId(await own.kubectl.get("pod", "power-before")), { timeout: 120_000, interval: 1000 })
    .not.toBe(containerId(before));
  await own.kubectl.wait("pod/power-before", "condition=Ready");
  const now = await own.kubectl.get("pod", "power-before");
  expect(ociConfiguration(own, containerId(now)).process.args[0]).toBe("/nono/nono");
  expect(await execute(cluster, "power-before", ["cat", "/etc/shadow"])).toMatchObject(denied);
});
