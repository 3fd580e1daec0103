import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testOriginalChecks } from "../../original-checks.ts";
import { upgradeChart } from "../../stack/cluster/chart.ts";
import { clusterUnderTest } from "../../stack/cluster/under-test.ts";
import { run } from "../../stack/command.ts";
import { checkout } from "../../stack/directories.ts";

// deploy/ instead of the chart, under the original's names, by the commands of docs/guide/installation.md; the original
// README's sequence to see that it works is among them.

const { kubectl, image, own } = clusterUnderTest();
const textOf = (file: string): string => readFileSync(join(checkout, "deploy", file), "utf8");

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

test("the guide's commands: the DaemonSet becomes ready, its test pod is sandboxed", async () => {
  const guide = readFileSync(join(checkout, "docs/guide/installation.md"), "utf8");
  const [, written = ""] = /## Without Helm\n[^]*?```sh[^\n]*\n([^]*?)```/.exec(guide) ?? [];
  const commands = written
    .replace("REGISTRY/nono-nri-plugin:TAG", "nono-nri:latest")
    .replace("image: IMAGE", `image: ${image}`)
    .replace(" /etc/nri/", ` ${own?.directories.root}/etc/nri/`);
  const client = `kubectl() { ${kubectl.commandLine([]).join(" ")} "$@"; }`;
  const said = await run("bash", ["--norc", "-euo", "pipefail", "-c", `cd ${checkout}\n${client}\n${commands}`]);
  expect(said).toContain('daemon set "nono-nri" successfully rolled out');
  expect(said).toMatch(/^sleep infinity /m);
  expect(said).toMatch(/-rwxr-xr-x .* \/nono\/nono$/m);
  expect(said).toMatch(/^\{.*"pod":"nono-test".*\}$/m);
  expect(said).toContain('pod "nono-test" deleted');
});

testOriginalChecks("app=nono-nri");

test.for(["runtimeclass-kata.yaml", "runtimeclass-kata-nono-sandbox.yaml"])("the API server takes %s", async (file) => {
  const said = await kubectl.run(["create", "--dry-run=server", "--validate=strict", "--filename=-"], textOf(file));
  expect(said).toContain("kata-nono-sandbox created");
});
