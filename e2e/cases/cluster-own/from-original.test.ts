import { copyFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import { nonoRuncPath } from "../../stack/cluster/containerd.ts";
import {
  chartValues,
  installChart,
  originalValues,
  prepareNode,
  uninstallChart,
} from "../../stack/cluster/installation.ts";
import {
  clusterUnderTest,
  containerId,
  ociConfiguration,
  type PodInit,
  pluginSelector,
} from "../../stack/cluster/under-test.ts";
import { checkout, runcRelease } from "../../stack/directories.ts";
import { images } from "../../stack/images/recipes.ts";

// `helm upgrade` of a release of the original, with the original's values, to our chart. The original is a stand-in:
// e2e/original-chart has its objects and its init script, with our image in them, as somebody has it who only changed the image.

const { kubectl, own } = clusterUnderTest();
const standIn = { ...chartValues, helperImages: { busybox: images.busybox } };

beforeAll(async () => {
  if (own === undefined) return;
  await uninstallChart(own);
  // The original's handler has plain runc behind it, and nothing is installed yet.
  const { root, launcher } = own.directories;
  copyFileSync(join(runcRelease().binaries, "runc"), join(root, nonoRuncPath));
  rmSync(join(root, `${nonoRuncPath}.json`));
  for (const entry of readdirSync(launcher)) rmSync(join(launcher, entry), { recursive: true });
  await installChart(own, standIn, "e2e/original-chart");
  // It has no probes: ready says nothing of the runtime.
  const all = ["logs", `--selector=${pluginSelector}`, "--namespace=kube-system", "--tail=-1"];
  const log = (): Promise<string> => kubectl.run(all);
  await vi.waitFor(async () => expect(await log()).toContain('"synchronized"'), { timeout: 60_000, interval: 500 });
});
afterAll(async () => {
  if (own === undefined) return;
  await uninstallChart(own);
  await prepareNode(own);
  await installChart(own);
});

/** A pod that stays only if its first process is confined. */
function confined(name: string, securityContext: object = {}): PodInit {
  const command = ["sh", "-c", "cat /etc/passwd >/tmp/copy && ! ls /nono && exec sleep infinity"];
  return { name, runtimeClassName: "nono-runc", container: { command, securityContext } };
}

/** Uids of what an upgrade must keep. */
async function uids(): Promise<unknown[]> {
  const kept = [
    ["daemonset", "kubefence"],
    ["configmap", "kubefence-config"],
    ["runtimeclass", "nono-runc"],
  ] as const;
  return Promise.all(kept.map(async ([kind, name]) => (await kubectl.get(kind, name, "kube-system")).metadata.uid));
}

test("a release of the original becomes ours: objects, running pods, new pods", async ({ own: node, runPod }) => {
  const { launcher } = node.directories;
  const before = await runPod(confined("original-before"));
  const { args } = ociConfiguration(node, containerId(before)).process;
  expect(args.slice(0, 8)).toEqual([
    "/nono/nono",
    "wrap",
    "--profile",
    "default",
    "--seccomp",
    "restricted",
    "--",
    "sh",
  ]);
  expect(statSync(launcher).mode & 0o777).toBe(0o700);
  const asOriginal = { uids: await uids(), files: readdirSync(launcher) };
  expect(asOriginal.files).toContain("python3");

  // The node set-up's DaemonSet is not part of this cluster's release: whether the API server takes ours for the original's.
  const template = ["template", "kubefence", join(checkout, "charts/kubefence"), "--namespace=kube-system"];
  const show = ["--show-only=templates/daemonset-node-setup.yaml", `--values=${originalValues}`];
  await kubectl.run(["apply", "--dry-run=server", "--filename=-"], await kubectl.helm([...template, ...show]));

  await installChart(node);
  expect(await uids()).toEqual(asOriginal.uids);
  expect(statSync(launcher).mode & 0o777).toBe(0o755);
  expect(readdirSync(launcher).toSorted()).toEqual(["nono", "profiles", "seccomp"]);
  const now = await kubectl.get("pod", "original-before");
  expect(containerId(now)).toBe(containerId(before));
  expect(now["status"].containerStatuses).toMatchObject([{ ready: true, restartCount: 0 }]);
  await runPod(confined("original-after"));
  await runPod(confined("original-user", { runAsUser: 1000 }));
});
