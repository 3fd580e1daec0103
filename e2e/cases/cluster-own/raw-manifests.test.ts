import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import { upgradeChart } from "../../stack/cluster/chart.ts";
import { clusterUnderTest, execute } from "../../stack/cluster/under-test.ts";
import { checkout } from "../../stack/directories.ts";

// deploy/ instead of the chart, under the original's names, as docs/guide/installation.md says; and the original README's
// sequence to see that it works.

const { kubectl, image, own } = clusterUnderTest();
const textOf = (file: string): string => readFileSync(join(checkout, "deploy", file), "utf8");

const inPod = (...command: string[]): ReturnType<typeof execute> =>
  execute(clusterUnderTest(), "nono-test", command, "test");

beforeAll(async () => {
  // Two plugins would undo each other: the chart's gets no node, and leaves.
  await upgradeChart(kubectl, { nodeSelector: { "kubefence.io/none": "true" } });
  await kubectl.run([
    "wait",
    "pod",
    "--namespace=kube-system",
    "--for=delete",
    "--timeout=60s",
    "--selector=app.kubernetes.io/name=kubefence",
  ]);
});
afterAll(async () => {
  await kubectl.run(["delete", "--ignore-not-found", "--filename=-"], textOf("daemonset.yaml"));
  await upgradeChart(kubectl);
});

test("the DaemonSet becomes ready, its test pod is sandboxed", async () => {
  const configuration = join(own?.directories.root ?? "", "etc/nri/conf.d/10-nono-nri.toml");
  mkdirSync(dirname(configuration), { recursive: true });
  copyFileSync(join(checkout, "deploy/10-nono-nri.toml.example"), configuration);
  await kubectl.apply(textOf("runtimeclass-runc.yaml"));
  await kubectl.apply(textOf("daemonset.yaml"), "kube-system");
  await kubectl.run(["rollout", "status", "daemonset/nono-nri", "--namespace=kube-system", "--timeout=120s"]);

  // The documented sed.
  const pod = textOf("test-pod.yaml")
    .replaceAll("kata-nono-sandbox", "nono-runc")
    .replaceAll("image: alpine:3.20", `image: ${image}`);
  await kubectl.apply(pod);
  await kubectl.wait("pod/nono-test", "condition=Ready", 60);
  expect((await inPod("cat", "/proc/1/cmdline")).stdout).toBe("sleep\0infinity\0");
  expect((await inPod("ls", "-la", "/nono/nono")).stdout).toMatch(/^-rwxr-xr-x .* \/nono\/nono$/m);
  expect(await inPod("touch", "/usr/bin/new")).toMatchObject({ exitCode: 1 });
  const log = await kubectl.run(["logs", "--selector=app=nono-nri", "--namespace=kube-system"]);
  expect(log).toContain('"pod":"nono-test"');
  await kubectl.run(["delete", "--filename=-", "--grace-period=1"], pod);
});

test("every other manifest is one that the API server takes", async () => {
  for (const file of ["runtimeclass-kata.yaml", "runtimeclass-kata-nono-sandbox.yaml"]) {
    await kubectl.run(["create", "--dry-run=server", "--validate=strict", "--filename=-"], textOf(file));
  }
});
