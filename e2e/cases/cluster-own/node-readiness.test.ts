import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import { nodeName } from "../../stack/cluster/addresses.ts";
import { upgradeChart } from "../../stack/cluster/chart.ts";
import { clusterUnderTest, pluginSelector } from "../../stack/cluster/under-test.ts";

// nodeReadiness: label, taint and scheduling follow the plugin, and its token can change its own node alone.

const { kubectl, namespace } = clusterUnderTest();
beforeAll(() => upgradeChart(kubectl, { nodeReadiness: { enabled: true, startupTaint: true } }));
afterAll(() => upgradeChart(kubectl));

// A node that no kubelet stands for. DaemonSets would wait for it: it goes, whatever a test finds.
const other = { apiVersion: "v1", kind: "Node", metadata: { name: "other", labels: { zone: "a" } } };
afterEach(() => kubectl.run(["delete", "node", "other", "--ignore-not-found"]));

const labels = async (): Promise<Record<string, string>> => (await kubectl.get("node", nodeName)).metadata.labels ?? {};
const taints = async (): Promise<string[]> =>
  ((await kubectl.get("node", nodeName))["spec"].taints ?? []).map(({ key }: { key: string }) => key);
const soon = { timeout: 60_000, interval: 500 };
// Whichever this kernel has.
const abi = expect.stringMatching(/^[1-9]\d*$/);

test("a ready node has the label and the ABI; our classes schedule there", async ({ runPod }) => {
  await expect.poll(labels, soon).toMatchObject({ "kubefence.io/ready": "true", "kubefence.io/landlock-abi": abi });
  expect(await taints()).not.toContain("kubefence.io/not-ready");
  await runPod({ name: "readiness-ready", runtimeClassName: "nono-runc" });
});

test("without the runtime the label goes and the taint comes; both turn with it", async ({ own, createPod }) => {
  await own.machine.stopService("containerd");
  await expect.poll(labels, soon).not.toHaveProperty("kubefence.io/ready");
  expect(await taints()).toContain("kubefence.io/not-ready");
  await createPod({ name: "readiness-waiting", runtimeClassName: "nono-runc" });
  const why = async (): Promise<string> => kubectl.run(["describe", "pod", "readiness-waiting"]);
  await expect.poll(why, soon).toMatch(/FailedScheduling/);
  own.machine.startService("containerd");
  await expect.poll(labels, soon).toMatchObject({ "kubefence.io/ready": "true" });
  expect(await taints()).not.toContain("kubefence.io/not-ready");
  await kubectl.wait("pod/readiness-waiting", "condition=Ready");
});

test("the plugin's token changes our labels and taint of its own node, and nothing else", async () => {
  const [plugin] = await kubectl.list("pods", pluginSelector, namespace);
  await kubectl.apply([other]);
  const token = (
    await kubectl.run([
      "create",
      "token",
      "kubefence",
      `--namespace=${namespace}`,
      "--bound-object-kind=Pod",
      `--bound-object-name=${plugin?.metadata.name}`,
    ])
  ).trim();
  const unbound = (await kubectl.run(["create", "token", "kubefence", `--namespace=${namespace}`])).trim();
  const patch = async (name: string, change: object, as = token): Promise<string> => {
    const args = [
      "patch",
      "node",
      name,
      "--type=merge",
      `--patch=${JSON.stringify(change)}`,
      `--token=${as}`,
      "--dry-run=server",
    ];
    const { exitCode, stderr } = await kubectl.attempt(args);
    return exitCode === 0 ? "done" : stderr;
  };
  const ready = { metadata: { labels: { "kubefence.io/ready": "true" } } };
  expect(await patch(nodeName, ready)).toBe("done");
  expect(await patch("other", ready)).toContain("the node that it runs on, and no other");
  expect(await patch(nodeName, ready, unbound)).toContain("the node that it runs on, and no other");
  for (const [change, reason] of [
    [{ metadata: { labels: { "kubernetes.io/os": "plan9" } } }, "labels that begin with kubefence.io/"],
    [{ metadata: { labels: { "kubernetes.io/os": null } } }, "labels that begin with kubefence.io/"],
    [{ metadata: { annotations: { new: "x" } } }, "annotations that begin with kubefence.io/"],
    [{ metadata: { finalizers: ["example.com/x"] } }, "what keeps it"],
    [{ spec: { taints: [{ key: "mine", effect: "NoExecute" }] } }, "the taint kubefence.io/not-ready, and no other"],
    [{ spec: { unschedulable: true } }, "may not cordon"],
  ] as const) {
    expect(await patch(nodeName, change)).toContain(reason);
  }
  const erase = await kubectl.attempt(["delete", "node", "other", `--token=${token}`]);
  expect(erase.stderr).toContain("cannot delete resource");
});
