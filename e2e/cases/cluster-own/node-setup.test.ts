import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CriClient } from "../../stack/cri/client.ts";
import { images } from "../../stack/images/recipes.ts";
import { nodeName } from "../../stack/cluster/addresses.ts";
import { Cluster } from "../../stack/cluster/cluster.ts";
import { chartValues, importPluginImage, installChart, uninstallChart } from "../../stack/cluster/installation.ts";
import type { KubernetesObject } from "../../stack/cluster/kubectl.ts";
import { clusterName, containerId, podObject } from "../../stack/cluster/under-test.ts";

// The chart sets up a node that has never seen Kubefence, upgrades it, and gives it back. A cluster of its own: the others'
// node has the handler before the chart comes.

let cluster: Cluster;
let before: Record<string, string>;
let bystander: string;

const values = {
  ...chartValues,
  helperImages: { busybox: images.busybox },
  nodeReadiness: { enabled: true, startupTaint: true },
  nodeSetup: { restart: "term", uninstall: { timeoutSeconds: 60 } },
};
const namespace = "kube-system";
const soon = { timeout: 60_000, interval: 500 };
// Whichever this kernel has.
const abi = expect.stringMatching(/^[1-9]\d*$/);

beforeAll(async () => {
  cluster = await Cluster.start(`${clusterName}-setup`, "bare");
  await importPluginImage(cluster);
  before = nodeFiles();
  bystander = (await runPod({ name: "bystander" })).id;
});
afterAll(() => cluster.stop());

/** Every file of the node that node set-up may touch, with mode and digest. */
function nodeFiles(): Record<string, string> {
  const files: Record<string, string> = {};
  const add = (path: string): void => {
    const status = lstatSync(join(cluster.directories.root, path), { throwIfNoEntry: false });
    if (status === undefined) return;
    const place = join(cluster.directories.root, path);
    const digest = status.isFile() ? createHash("sha256").update(readFileSync(place)).digest("hex") : "";
    files[path] = `${status.mode.toString(8)} ${digest}`;
    if (status.isDirectory()) for (const name of readdirSync(place)) add(join(path, name));
  };
  for (const path of ["/etc/containerd", "/etc/nri", "/opt", "/var/lib/kubefence"]) add(path);
  return files;
}

async function runPod(init: Parameters<typeof podObject>[1]): Promise<{ pod: KubernetesObject; id: string }> {
  const { kubectl } = cluster;
  await kubectl.apply([podObject(images.busybox, init)]);
  await kubectl.wait(`pod/${init.name}`, "condition=Ready");
  const pod = await kubectl.get("pod", init.name);
  return { pod, id: containerId(pod) };
}

async function expectConfined(pod: string): Promise<void> {
  const { stderr } = await cluster.kubectl.attempt(["exec", pod, "--", "touch", "/usr/bin/planted"]);
  expect(stderr).toContain("Permission denied");
}

/** The pod without our class is the one that was there first, never restarted. */
async function expectBystander(): Promise<void> {
  const pod = await cluster.kubectl.get("pod", "bystander");
  expect(containerId(pod)).toBe(bystander);
  expect(pod["status"].containerStatuses[0].restartCount).toBe(0);
}

/** Installs or upgrades the chart, and waits for the node's set-up: Helm itself leaves out one pod of such a DaemonSet. */
async function install(more: object = {}): Promise<void> {
  await installChart(cluster, { ...values, ...more });
  const rollout = ["rollout", "status", "daemonset/kubefence-node-setup", "--timeout=180s"];
  await cluster.kubectl.run([...rollout, `--namespace=${namespace}`]);
}

const node = (): Promise<KubernetesObject> => cluster.kubectl.get("node", nodeName);
const labels = async (): Promise<Record<string, string>> => (await node()).metadata.labels ?? {};
const taints = async (): Promise<string[]> =>
  ((await node())["spec"].taints ?? []).map(({ key }: { key: string }) => key);
const handlers = async (): Promise<Map<string, object>> =>
  new Map(
    (await node())["status"].runtimeHandlers.map(({ name, features }: { name: string; features: object }) => [
      name,
      features,
    ]),
  );

test("install: the handler is loaded, a container has proven it, and only then the node has its labels", async () => {
  const containerd = cluster.machine.servicePid("containerd");
  expect(await handlers().then((map) => map.has("nono-runc"))).toBe(false);
  await install();
  expect(cluster.machine.servicePid("containerd")).not.toBe(containerd);
  await expect.poll(labels, soon).toMatchObject({ "kubefence.io/ready": "true", "kubefence.io/landlock-abi": abi });
  expect(await taints()).not.toContain("kubefence.io/not-ready");
  // Also what runc can do, so that pods with hostUsers: false are taken.
  const loaded = await handlers();
  expect(loaded.get("nono-runc")).toEqual(loaded.get("runc"));

  const setup = `app.kubernetes.io/component=node-setup`;
  const log = (container: string): Promise<string> =>
    cluster.kubectl.run(["logs", `--selector=${setup}`, `--container=${container}`, `--namespace=${namespace}`]);
  expect(await log("configure-containerd")).toContain("restarted containerd; it has loaded the handler nono-runc\n");
  expect(await log("prove-sandbox")).toMatch(/^ok +self-test +a container of the handler ran, under the launcher$/m);
  expect(await log("prove-sandbox")).toMatch(/ready for sandboxed pods\n$/);

  await runPod({ name: "sandboxed", runtimeClassName: "nono-runc" });
  await expectConfined("sandboxed");
  await runPod({ name: "own-users", runtimeClassName: "nono-runc", spec: { hostUsers: false } });
  await expectConfined("own-users");
  await cluster.kubectl.deletePod("own-users");
  await expectBystander();
});

test("a node whose proof is gone loses the labels, and gets them by another proof", async () => {
  rmSync(join(cluster.directories.root, "run/nono-nri/self-test.json"));
  await expect.poll(labels, soon).not.toHaveProperty("kubefence.io/ready");
  expect(await labels()).not.toHaveProperty("kubefence.io/landlock-abi");
  expect(await taints()).toContain("kubefence.io/not-ready");
  await cluster.kubectl.run([
    "delete",
    "pods",
    "--selector=app.kubernetes.io/component=node-setup",
    `--namespace=${namespace}`,
  ]);
  await expect.poll(labels, soon).toMatchObject({ "kubefence.io/ready": "true" });
  expect(await taints()).not.toContain("kubefence.io/not-ready");
});

test("upgrade: nothing is taken back, the runtime is not restarted, what runs can be entered", async () => {
  const containerd = cluster.machine.servicePid("containerd");
  const { id } = await runPod({ name: "upgraded", runtimeClassName: "nono-runc" });
  const installed = nodeFiles();
  // Another configuration of the plugin: the pods of both DaemonSets are replaced, and nono-runc's configuration.
  await install({ config: { defaultProfile: "workspace" } });
  expect(cluster.machine.servicePid("containerd")).toBe(containerd);
  const changed = Object.entries(nodeFiles()).filter(([path, content]) => installed[path] !== content);
  expect(changed.map(([path]) => path)).toEqual([
    "/opt/kubefence/bin/nono-runc.json",
    "/var/lib/kubefence/installed.json",
  ]);
  await expect.poll(labels, soon).toMatchObject({ "kubefence.io/ready": "true" });
  expect(containerId(await cluster.kubectl.get("pod", "upgraded"))).toBe(id);
  await expectConfined("upgraded");
  await expectConfined("sandboxed");
  await expectBystander();
  await cluster.kubectl.deletePod("upgraded");
});

test("helm uninstall: fails with the nodes that it did not reach or that are in use; then gives the node back", async () => {
  const { kubectl } = cluster;
  // A node that no kubelet stands for.
  await kubectl.apply([{ apiVersion: "v1", kind: "Node", metadata: { name: "gone" } }]);
  const installed = nodeFiles();
  await expect(uninstallChart(cluster)).rejects.toThrow(/node-uninstall/);
  const report = await kubectl.run(["logs", "job/kubefence-node-uninstall", `--namespace=${namespace}`]);
  expect(report).toMatch(/^gone: not reached: its pod is Pending/m);
  expect(report).toMatch(/^kubefence: KF_NODE_IN_USE: .*1 sandboxed pods run, such as default\/sandboxed/m);
  expect(report).toContain("0 of 2 nodes: set-up taken back\n");
  expect(report).toContain("KF_NODE_NOT_REACHED: this cluster: gone, ");
  expect(nodeFiles()).toEqual(installed);
  await expectConfined("sandboxed");

  await kubectl.run(["delete", "node", "gone"]);
  await kubectl.deletePod("sandboxed");
  const containerd = cluster.machine.servicePid("containerd");
  await uninstallChart(cluster);
  expect(nodeFiles()).toEqual(before);
  expect(cluster.machine.servicePid("containerd")).not.toBe(containerd);
  await expect.poll(async () => (await handlers()).has("nono-runc"), soon).toBe(false);
  expect(Object.keys(await labels()).filter((name) => name.startsWith("kubefence.io/"))).toEqual([]);
  expect(await taints()).not.toContain("kubefence.io/not-ready");
  expect(await kubectl.list("daemonsets,jobs,serviceaccounts,roles", "app.kubernetes.io/instance", namespace)).toEqual(
    [],
  );
  await expectBystander();
  // containerd is well.
  const cri = await CriClient.connect(cluster.directories.containerdSocket);
  expect(await cri.runtimeHandlers()).toContain("runc");
  cri.close();
  await runPod({ name: "afterwards" });
});
