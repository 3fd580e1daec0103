import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { test } from "../fixtures.ts";
import { nodeName } from "../setup.ts";
import { PrivateMachine } from "../stack/containerd/private-machine.ts";
import { checkout, containerdRelease, type NodeDirectories } from "../stack/directories.ts";
import { TestNode } from "../stack/node.ts";
import { NodeSetup } from "../stack/node-setup.ts";
import { configurationFile, PluginProcess } from "../stack/plugin/process.ts";

// A containerd without any configuration file, at the usual paths: kubefence node with no option about it.

let machine: PrivateMachine;
let directories: NodeDirectories;
let setup: NodeSetup;

beforeAll(async () => {
  const node = await TestNode.connect(nodeName);
  ({ directories } = node);
  node.disconnect();
  machine = await PrivateMachine.start(directories);
  setup = new NodeSetup(directories);
});
afterAll(() => machine.stop());

/** The command as it is meant to be used, but for where release and plugin configuration are. */
async function kubefence(command: string, ...more: string[]): Promise<Awaited<ReturnType<PrivateMachine["run"]>>> {
  return machine.run(process.execPath, [...commandLine(command), ...more]);
}

function commandLine(command: string): string[] {
  const main = join(checkout, "packages/cli/src/main.ts");
  // What lies in /run is not to be seen there.
  const inside = (path: string): string => path.replace(directories.run, "/mnt/files");
  const args = ["--release", inside(setup.release), "--plugin-config", inside(configurationFile(directories))];
  return [main, "node", command, ...args];
}

/** The same from a pod that has the machine's root mounted. */
async function kubefenceInPod(command: string, ...more: string[]): Promise<Awaited<ReturnType<PrivateMachine["run"]>>> {
  return machine.runInPod(process.execPath, [...commandLine(command), "--root", "/var/lib/pod", ...more]);
}

async function files(): Promise<string[]> {
  const { stdout } = await machine.run("find", ["/etc/containerd", "/etc/nri", "/opt", "/var/lib/kubefence"]);
  return stdout.trim().split("\n");
}

test("install writes a main file, and uninstall leaves nothing", { timeout: 200_000 }, async () => {
  PluginProcess.install(directories, { nono_bin_path: "/opt/nono-nri/nono" });
  machine.copy({ release: setup.release, "10-nono-nri.toml": configurationFile(directories) });
  const before = await files();

  const plan = await kubefence("plan");
  expect(plan).toMatchObject({ exitCode: 2, stderr: "" });
  expect(plan.stdout).toContain("/etc/containerd/config.toml (not there: built-in configuration)\n");
  expect(await files()).toEqual(before);

  expect(await kubefence("install", "--restart", "term")).toMatchObject({
    exitCode: 0,
    stderr: "",
    stdout: expect.stringContaining("restarted containerd; it has loaded the handler nono-runc\n"),
  });
  const main = await machine.run("cat", ["/etc/containerd/config.toml"]);
  const newest = containerdRelease().version.startsWith("2.2.") ? 3 : 4;
  expect(main.stdout).toMatch(
    new RegExp(String.raw`\nversion = ${newest}\nimports = \["/etc/containerd/conf\.d/kubefence\*\.toml"\]\n$`),
  );
  const { stdout } = await kubefence("check", "--json");
  const rows: { name: string; state: string }[] = JSON.parse(stdout).rows;
  // No plugin runs here.
  expect(rows.filter(({ state }) => state === "bad").map(({ name }) => name)).toEqual(["plugin"]);
  expect(await kubefence("plan")).toMatchObject({ exitCode: 0 });

  expect(await kubefence("uninstall", "--restart", "term")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await files()).toEqual(before);
  expect(await kubefence("plan")).toMatchObject({ exitCode: 2, stdout: plan.stdout });
});

test("the same from a privileged pod that has the node's root mounted", { timeout: 200_000 }, async () => {
  const before = await files();
  expect(await kubefenceInPod("install", "--restart", "term")).toMatchObject({
    exitCode: 0,
    stderr: "",
    stdout: expect.stringContaining("restarted containerd; it has loaded the handler nono-runc\n"),
  });
  // It is the same from the node itself.
  expect(await kubefence("plan")).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("nothing to do\n") });
  expect(await kubefenceInPod("plan")).toMatchObject({ exitCode: 0 });
  expect(await kubefenceInPod("uninstall", "--restart", "term")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await files()).toEqual(before);
});

async function writeStaticPod(text: string): Promise<void> {
  const script = 'mkdir -p /etc/kubernetes/manifests; printf %s "$0" > /etc/kubernetes/manifests/etcd.yaml';
  await machine.run("bash", ["-c", script, text]);
}

test("--require-plugin is refused where a static pod does not tolerate the plugin's absence", async () => {
  const pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd\n";
  await writeStaticPod(pod);
  expect(await kubefence("plan", "--require-plugin")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining(
      "KF_NODE_STATIC_PODS: /etc/kubernetes/manifests/etcd.yaml: the static pod has no annotation",
    ),
  });
  expect(await kubefence("plan")).toMatchObject({ exitCode: 2, stderr: "" });
  await writeStaticPod(`${pod}  annotations:\n    nono.sh/tolerate-missing-plugin: "true"\n`);
  expect(await kubefence("plan", "--require-plugin")).toMatchObject({
    exitCode: 2,
    stdout: expect.stringContaining('+required_plugins = [ "nono-nri" ]\n'),
  });
});
