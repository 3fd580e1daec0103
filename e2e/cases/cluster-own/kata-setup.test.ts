import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import { nodeName } from "../../stack/cluster/addresses.ts";
import { upgradeChart } from "../../stack/cluster/chart.ts";
import { clusterUnderTest } from "../../stack/cluster/under-test.ts";
import { run } from "../../stack/command.ts";
import { checkout } from "../../stack/directories.ts";
import { KataInstallation } from "../../stack/kata-installation.ts";
import { namespacePath } from "../../stack/network.ts";

// The chart's set-up of Kata on a real Kubernetes: DaemonSet, containerd, the Node's handlers. What stands behind the handler is a
// stand-in (e2e/stack/kata-installation.ts): no virtual machine can be started here.

const { kubectl, own } = clusterUnderTest();
const root = own?.directories.root ?? "";
const kata = new KataInstallation("/opt/kata", root);
const derived = join(root, "opt/kubefence/kata/configuration-kata-nono-qemu.toml");
const deployed = join(root, "etc/containerd/conf.d/kata-deploy.toml");
const kataValues = {
  kata: { enabled: true, kernelImage: "", rootfsImage: "" },
  nodeSetup: { enabled: false, restart: "term" },
  helperImages: { busybox: clusterUnderTest().image },
};
const classValues = { runtimeClasses: { kataNono: { enabled: true } } };
const soon = { timeout: 120_000, interval: 1000 };

beforeAll(async () => {
  kata.install("3.28");
  mkdirSync(dirname(deployed), { recursive: true });
  writeFileSync(deployed, `version = 3\n${kata.handler(`'io.containerd.cri.v1.runtime'`)}`);
  await own?.machine.restartService("containerd");
  await own?.untilReady();
});
afterAll(async () => {
  await upgradeChart(kubectl);
  for (const path of [deployed, join(root, "opt/kata")]) rmSync(path, { recursive: true, force: true });
  await own?.machine.restartService("containerd");
  await own?.untilReady();
});

const handlers = async (): Promise<string[]> =>
  ((await kubectl.get("node", nodeName))["status"].runtimeHandlers ?? []).map(({ name }: { name: string }) => name);
const classHandler = (): Promise<string> =>
  kubectl.run(["get", "runtimeclass", "kata-nono-sandbox", "--output=jsonpath={.handler}"]);
const inSetUp = async (...command: string[]): Promise<string> => {
  const target = [
    "exec",
    "daemonset/kubefence-kata-setup",
    "--namespace=kube-system",
    "--container=kata-setup-complete",
  ];
  const { stdout } = await kubectl.attempt([...target, "--", "kubefence", "node", "kata", ...command, "--root=/host"]);
  return stdout;
};

test("a class that is there keeps its handler, which cannot be changed; a new one gets ours", async () => {
  await upgradeChart(kubectl, classValues);
  expect(await classHandler()).toBe("kata-qemu");
  await upgradeChart(kubectl, { ...classValues, ...kataValues });
  expect(await classHandler()).toBe("kata-qemu");
  const notes = await kubectl.helm(["get", "notes", "kubefence", "--namespace=kube-system"]);
  expect(notes).toContain("kata-nono-sandbox is there with the handler kata-qemu, which cannot be changed");
  await kubectl.run(["delete", "runtimeclass", "kata-nono-sandbox"]);
  await upgradeChart(kubectl, { ...classValues, ...kataValues });
  expect(await classHandler()).toBe("kata-nono-qemu");
});

test("the DaemonSet registers the handler; Kata's files are as they were", async () => {
  await expect.poll(handlers, soon).toEqual(expect.arrayContaining(["kata-qemu", "kata-nono-qemu"]));
  expect(readFileSync(join(root, kata.shared), "utf8")).toBe(kata.configuration("3.28"));
  expect(readFileSync(derived, "utf8")).toContain(kata.configuration("3.28"));
  const report: { rows: { name: string; state: string }[] } = JSON.parse(await inSetUp("check", "--json"));
  const states = Object.fromEntries(report.rows.map(({ name, state }) => [name, state]));
  expect(states).toMatchObject({
    "set-up": "ok",
    "handler, loaded": "ok",
    "seccomp in the guest": "ok",
    annotations: "ok",
    // Neither image was given, and the test machine has no vhost-vsock.
    "Landlock in the guest": "bad",
    "policy of the guest": "warn",
    "/dev/vhost-vsock": "bad",
  });
});

test("an upgrade of Kata is noticed, and the set-up made anew", async () => {
  kata.install("3.32");
  await expect
    .poll(() => readFileSync(derived, "utf8"), { timeout: 200_000, interval: 1000 })
    .toContain(kata.configuration("3.32"));
});

test("uninstall takes it all away, and the DaemonSet leaves it so", async () => {
  await inSetUp("uninstall", "--restart=term");
  await expect.poll(() => existsSync(derived), soon).toBe(false);
  await expect.poll(handlers, soon).not.toContain("kata-nono-qemu");
  expect(await handlers()).toContain("kata-qemu");
  expect(existsSync(join(root, "etc/containerd/conf.d/kubefence-kata.toml"))).toBe(false);
});

test("make kata-e2e refuses a cluster that cannot run it, and says what is missing", async () => {
  expect(await kataChecks()).toContain(
    "no node has loaded the handler kata-nono-qemu of RuntimeClass kata-nono-sandbox",
  );
  await kubectl.run(["delete", "runtimeclass", "kata-nono-sandbox"]);
  expect(await kataChecks()).toContain(
    "there is no RuntimeClass kata-nono-sandbox: install the chart with kata.enabled=true and runtimeClasses.kataNono.enabled=true",
  );
});

/** What the checks for somebody's cluster say of this one, where they have to fail. */
async function kataChecks(): Promise<string> {
  if (own === undefined) throw new Error("needs the harness's own cluster");
  const { directories } = own;
  const vitest = [join(checkout, "node_modules/.bin/vitest"), "run", "--project", "kata-cluster"];
  const failed = await run("nsenter", [
    `--net=${namespacePath(directories)}`,
    "env",
    `KUBEFENCE_E2E_KUBECONFIG=${directories.kubeconfig}`,
    ...vitest,
  ]).then(
    () => "",
    (error: unknown) => String(error),
  );
  return failed;
}
