import { existsSync, readFileSync, statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { test } from "../fixtures.ts";
import { nodeName } from "../setup.ts";
import { BareNode } from "../stack/bare-node.ts";
import { run } from "../stack/command.ts";
import { containerdFile, containerdPid } from "../stack/containerd/daemon.ts";
import { type ConfigurationVersion, plainConfiguration } from "../stack/containerd/plain-configuration.ts";
import { checkout, containerdRelease } from "../stack/directories.ts";
import { images } from "../stack/images/recipes.ts";
import type { TestNode } from "../stack/node.ts";
import { PluginProcess } from "../stack/plugin/process.ts";
import { parseProbe } from "../stack/probe.ts";

// kubefence node on a real containerd whose main file knows nothing of us, in every version that it reads.

const versions: ConfigurationVersion[] = containerdRelease().version.startsWith("2.2.") ? [2, 3] : [2, 3, 4];
const sleeper = { name: "main", image: images.busybox, command: ["sleep", "600"] };
const probe = ["/usr/bin/probe", "read:/etc/shadow", "create:/world/new"];

let bare: BareNode;
let node: TestNode;

beforeAll(async () => {
  bare = await BareNode.connect(nodeName);
  ({ node } = bare);
});
afterAll(() => bare.giveBack());

describe.each(versions)("configuration version %d", (version) => {
  test("install, pods, upgrade, uninstall: byte for byte as before", { timeout: 300_000 }, async ({ runPod }) => {
    const setup = await bare.restart(plainConfiguration(node.directories, version));
    const before = setup.snapshot();
    const plain = await (await runPod({})).startContainer(sleeper);
    const plainPid = await processOf(plain.id);

    expect(await setup.run("plan")).toMatchObject({ exitCode: 2, stderr: "" });
    expect(setup.snapshot()).toEqual(before);

    // Install: one line in the main file, one drop-in, the handler loaded with runc's options.
    const first = await setup.run("install");
    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    expect(first.stdout).toContain("restarted containerd; it has loaded the handler nono-runc\n");
    const main = readFileSync(containerdFile(node.directories), "utf8");
    const added = main.split("\n").filter((line) => !plainConfiguration(node.directories, version).includes(line));
    expect(added.map((line) => line.replaceAll("'", '"'))).toEqual([
      `imports = ["${node.directories.run}/conf.d/kubefence*.toml"]`,
    ]);
    expect(optionsIn(await setup.dump())).toEqual({ NoNewKeyring: "true", BinaryName: `'${setup.program}'` });
    expect(statSync(node.directories.launcher).mode & 0o777).toBe(0o755);
    await node.cri.reconnect();

    // Pods.
    const plugin = await PluginProcess.startInstalled(node.directories);
    const pod = await runPod({ runtimeHandler: "nono-runc" });
    const sandboxed = await pod.startContainer({ ...sleeper, runAsUser: 1000, runAsGroup: 1000 });
    await expectConfined(sandboxed);
    const sandboxedPid = await processOf(sandboxed.id);

    // An upgrade replaces programs and a profile, restarts nothing, and what runs can still be entered.
    setup.renew();
    const pid = containerdPid(node.directories);
    expect(await setup.run("plan")).toMatchObject({ exitCode: 2 });
    expect(await setup.run("install")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(containerdPid(node.directories)).toBe(pid);
    await expectConfined(sandboxed);
    const newerPod = await runPod({ runtimeHandler: "nono-runc" });
    const newer = await newerPod.startContainer(sleeper);
    await expectConfined(newer);
    expect(await setup.run("plan")).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("nothing to do") });
    expect(await setup.run("install")).toMatchObject({ exitCode: 0, stdout: "nothing to do\n" });

    // Uninstall, not while pods need it; forced, it leaves what they need until they are gone.
    const installed = setup.snapshot();
    const refused = await setup.run("uninstall");
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("KF_NODE_IN_USE") });
    expect(setup.snapshot()).toEqual(installed);
    const forced = await setup.run("uninstall", "--force");
    expect(forced).toMatchObject({ exitCode: 0, stderr: "" });
    expect(forced.stdout).toContain(`leave ${setup.program} until the last sandboxed pod is gone\n`);
    await node.cri.reconnect();
    expect(readFileSync(containerdFile(node.directories), "utf8")).toBe(plainConfiguration(node.directories, version));
    // They run on, but a containerd without the handler does not let anybody in.
    expect(await processOf(sandboxed.id)).toBe(sandboxedPid);
    await expect(sandboxed.exec("true")).rejects.toThrow('no runtime for "nono-runc" is configured');
    expect((await setup.run("uninstall", "--force")).exitCode).toBe(0);
    expect(existsSync(setup.program)).toBe(true);
    await plugin.stop();
    await pod.remove();
    await newerPod.remove();
    expect(await setup.run("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(setup.snapshot()).toEqual(before);
    expect(await setup.run("uninstall")).toMatchObject({ exitCode: 0, stdout: "nothing to do\n" });

    // All the while the other pod ran on, in the same process.
    expect(await processOf(plain.id)).toBe(plainPid);
    expect((await plain.exec("true")).exitCode).toBe(0);
  });
});

/** What our handler has of the options that a test can tell from the default. */
function optionsIn(dump: string): Record<string, string> {
  const table = dump.slice(dump.indexOf("runtimes.nono-runc.options]"));
  const option = (name: string): string => new RegExp(`^ +${name} = (.*)$`, "m").exec(table)?.[1] ?? "";
  return { NoNewKeyring: option("NoNewKeyring"), BinaryName: option("BinaryName") };
}

async function expectConfined(container: { exec(...command: string[]): Promise<{ stdout: string }> }): Promise<void> {
  const { stdout } = await container.exec(...probe);
  expect(parseProbe(stdout)).toEqual({ "read:/etc/shadow": "EACCES", "create:/world/new": "EACCES" });
}

/** Pid of a container's first process. */
async function processOf(id: string): Promise<string> {
  const file = `${node.directories.run}/state/io.containerd.runtime.v2.task/k8s.io/${id}/init.pid`;
  const pid = readFileSync(file, "utf8");
  // The signal 0 only asks whether it is there.
  process.kill(Number(pid), 0);
  return pid;
}

test("the committed default configuration is what this containerd prints", async () => {
  const { version, binaries } = containerdRelease();
  const fixture = `${checkout}/packages/cli/fixtures/containerd/default-${version}.toml`;
  expect(existsSync(fixture), `make it with containerd config default > ${fixture}`).toBe(true);
  expect(await run(`${binaries}/containerd`, ["config", "default"])).toBe(readFileSync(fixture, "utf8"));
});
