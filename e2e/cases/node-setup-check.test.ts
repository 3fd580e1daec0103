import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { test } from "../fixtures.ts";
import { nodeName } from "../setup.ts";
import { BareNode } from "../stack/bare-node.ts";
import { plainConfiguration } from "../stack/containerd/plain-configuration.ts";
import { images } from "../stack/images/recipes.ts";
import type { TestNode } from "../stack/node.ts";
import type { NodeSetup } from "../stack/node-setup.ts";
import { PluginProcess } from "../stack/plugin/process.ts";
import { pluginCommand } from "../stack/plugin/program.ts";

// What kubefence node check says of a node, and what --require-plugin does to it.

interface Report {
  ready: boolean;
  rows: { name: string; state: string; value: string; fix?: string }[];
  labels: Record<string, string>;
}

let bare: BareNode;
let node: TestNode;
let setup: NodeSetup;

beforeAll(async () => {
  bare = await BareNode.connect(nodeName);
  ({ node } = bare);
  setup = await bare.restart(plainConfiguration(node.directories, 3));
});
afterAll(() => bare.giveBack());

const states = ({ rows }: Report): Record<string, string> =>
  Object.fromEntries(rows.map((row) => [row.name, row.state]));
const sleeper = { name: "main", image: images.busybox, command: ["sleep", "600"] };

async function check(...more: string[]): Promise<{ exitCode: number | null; report: Report }> {
  const { exitCode, stdout } = await setup.run("check", "--json", ...more);
  return { exitCode, report: JSON.parse(stdout) };
}

function selfTestCgroups(): string[] {
  const hierarchies = ["", ...readdirSync("/sys/fs/cgroup")].map((name) => join("/sys/fs/cgroup", name));
  return hierarchies
    .filter((path) => statSync(path).isDirectory())
    .flatMap((path) => readdirSync(path).map((name) => join(path, name)))
    .filter((path) => path.includes("/kubefence-self-test-"));
}

test("a node without Kubefence: what is missing, and what to do", async () => {
  const { exitCode, report } = await check();
  expect({ exitCode, ready: report.ready, labels: report.labels }).toEqual({ exitCode: 1, ready: false, labels: {} });
  expect(states(report)).toMatchObject({
    kernel: "ok",
    "container runtime": "ok",
    NRI: "ok",
    "handler, configured": "bad",
    "handler, loaded": "bad",
    launcher: "bad",
    "nono-runc": "bad",
    profiles: "bad",
  });
  for (const { state, fix } of report.rows) expect(fix === undefined).toBe(state === "ok");
  const { stdout, stderr } = await setup.run("check");
  expect(stdout).toMatch(/^bad +launcher +nono binary not found at .*\n +→ run kubefence node install\n/m);
  expect(stdout).toMatch(/NOT ready for sandboxed pods\n$/);
  expect(stderr).toMatch(
    /^kubefence: KF_NODE_NOT_READY: this node: bad: .*; the table says what to do for each row\n$/,
  );
});

test(
  "with it, without the plugin: the self-test is refused, and the node is not ready",
  { timeout: 200_000 },
  async () => {
    expect(await setup.run("install", "--self-test")).toMatchObject({
      exitCode: 0,
      stderr: "",
      stdout: expect.stringContaining(
        "nono-runc refused a container without the launcher: the plugin is not there yet\n",
      ),
    });
    const { exitCode, report } = await check("--self-test");
    expect({ exitCode, labels: report.labels }).toEqual({ exitCode: 1, labels: {} });
    expect(report.rows.filter(({ state }) => state === "bad").map(({ name }) => name)).toEqual(["plugin", "self-test"]);
    expect(report.rows.find(({ name }) => name === "self-test")?.value).toContain("UNSANDBOXED");
  },
);

test("with both it is ready, and the labels say so", { timeout: 200_000 }, async () => {
  // Run from its sources it cannot be told from another Node program.
  expect(pluginCommand()[0], "run make build").toMatch(/\/10-nono-nri$/);
  const plugin = await PluginProcess.startInstalled(node.directories);
  const before = selfTestCgroups();
  const { exitCode, report } = await check("--self-test");
  await plugin.stop();
  expect(report.rows.filter(({ state }) => state === "bad")).toEqual([]);
  expect(exitCode).toBe(0);
  const abi = /^ABI (\d+)/.exec(report.rows.find(({ name }) => name === "Landlock")?.value ?? "")?.[1];
  expect(report.labels).toEqual({ "kubefence.io/ready": "true", "kubefence.io/landlock-abi": abi });
  // The self-test's own pod is gone, and so is its cgroup.
  expect(await node.cri.podSandboxes()).toEqual([]);
  // Those of other nodes on this machine come and go.
  await expect.poll(() => selfTestCgroups().filter((path) => !before.includes(path)), { timeout: 30_000 }).toEqual([]);
});

test("a journal that cannot be read: nobody knows what is unfinished", async () => {
  const journal = join(setup.state, "journal.json");
  writeFileSync(journal, "{");
  const { exitCode, report } = await check();
  expect(exitCode).toBe(1);
  expect(report.rows.find(({ name }) => name === "set-up")).toMatchObject({
    state: "bad",
    value: expect.stringContaining(`KF_NODE_STATE: ${journal}: `),
  });
  rmSync(journal);
  expect(states((await check()).report)).toMatchObject({ "set-up": "ok" });
});

test("a launcher that is not the installed one", async () => {
  const path = join(node.directories.launcher, "nono");
  writeFileSync(path, "other");
  const { report } = await check();
  expect(states(report)).toMatchObject({ launcher: "bad", Landlock: "bad" });
  expect(await setup.run("install")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(states((await check()).report)).toMatchObject({ launcher: "ok", Landlock: expect.not.stringMatching("bad") });
});

test(
  "--require-plugin refuses pods while the plugin is away, but those that tolerate it",
  { timeout: 200_000 },
  async ({ runPod }) => {
    expect(await setup.run("install", "--require-plugin")).toMatchObject({ exitCode: 0, stderr: "" });
    await node.cri.reconnect();
    const ordinary = await runPod({});
    await expect(ordinary.createContainer(sleeper)).rejects.toThrow('required plugin "nono-nri" not present');
    const tolerant = await runPod({ annotations: { "nono.sh/tolerate-missing-plugin": "true" } });
    await tolerant.startContainer(sleeper);
    const plugin = await PluginProcess.startInstalled(node.directories);
    await ordinary.startContainer({ ...sleeper, name: "second" });
    await plugin.stop();
    // Left out again, the node refuses nobody.
    expect(await setup.run("install")).toMatchObject({ exitCode: 0, stderr: "" });
    await node.cri.reconnect();
    await (await runPod({})).startContainer(sleeper);
  },
);
