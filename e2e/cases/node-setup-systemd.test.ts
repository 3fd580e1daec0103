import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { test } from "../fixtures.ts";
import { nodeName } from "../setup.ts";
import { PrivateMachine } from "../stack/containerd/private-machine.ts";
import { checkout, type NodeDirectories } from "../stack/directories.ts";
import { TestNode } from "../stack/node.ts";
import { NodeSetup } from "../stack/node-setup.ts";
import { configurationFile, PluginProcess } from "../stack/plugin/process.ts";

// containerd as a unit of a real systemd, which is process 1 of the machine: kubefence node with no option about it.

let machine: PrivateMachine;
let directories: NodeDirectories;
let setup: NodeSetup;

beforeAll(async () => {
  const node = await TestNode.connect(nodeName);
  ({ directories } = node);
  node.disconnect();
  machine = await PrivateMachine.start(directories, "systemd");
  setup = new NodeSetup(directories);
  PluginProcess.install(directories, { nono_bin_path: "/opt/nono-nri/nono" });
  machine.copy({ release: setup.release, "10-nono-nri.toml": configurationFile(directories) });
});
afterAll(() => machine.stop());

type Ran = Awaited<ReturnType<PrivateMachine["run"]>>;

function commandLine(command: string, more: string[]): string[] {
  const main = join(checkout, "packages/cli/src/main.ts");
  // What lies in /run is not to be seen there.
  const inside = (path: string): string => path.replace(directories.run, "/mnt/files");
  const args = ["--release", inside(setup.release), "--plugin-config", inside(configurationFile(directories))];
  return [main, "node", command, ...args, ...more];
}

const kubefence = (command: string, ...more: string[]): Promise<Ran> =>
  machine.run(process.execPath, commandLine(command, more));
const kubefenceInPod = (command: string, ...more: string[]): Promise<Ran> =>
  machine.runInPod(process.execPath, commandLine(command, ["--root", "/var/lib/pod", ...more]));

async function ask(...args: string[]): Promise<string> {
  return (await machine.run("systemctl", args)).stdout.trim();
}
const files = async (): Promise<string> =>
  (await machine.run("find", ["/etc/containerd", "/etc/nri", "/opt", "/var/lib/kubefence"])).stdout;

test.each([
  ["on the node", kubefence],
  ["from a privileged pod", kubefenceInPod],
])("%s: the unit is restarted, once, and stays up", { timeout: 200_000 }, async (_where, command) => {
  const before = await files();
  const pid = await ask("show", "containerd.service", "--property=MainPID", "--value");
  const install = await command("install");
  expect(install).toMatchObject({
    exitCode: 0,
    stderr: "",
    stdout: expect.stringContaining("restarted containerd; it has loaded the handler nono-runc\n"),
  });
  expect(await ask("is-active", "containerd.service")).toBe("active");
  const restarted = await ask("show", "containerd.service", "--property=MainPID", "--value");
  expect(restarted).not.toBe(pid);
  expect(await command("install")).toMatchObject({ exitCode: 0, stdout: "nothing to do\n" });
  expect(await ask("show", "containerd.service", "--property=MainPID", "--value")).toBe(restarted);
  expect(await command("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await ask("is-active", "containerd.service")).toBe("active");
  expect(await files()).toBe(before);
});

test("systemd's limit of five starts in ten seconds does not count ours", { timeout: 200_000 }, async () => {
  expect(await ask("show", "containerd.service", "--property=StartLimitBurst", "--value")).toBe("5");
  for (let round = 0; round < 4; round += 1) {
    expect(await kubefence("install")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await kubefence("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
  }
});

test("a unit that does not come back with the new files gets the old ones", { timeout: 200_000 }, async () => {
  const before = await files();
  const { exitCode, stderr } = await kubefence("install", "--nri-socket", "/dev/null/nri.sock", "--wait", "10");
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /KF_NODE_RESTART: .*; the files from before are back, and the runtime was restarted with them; /,
  );
  expect(await ask("is-active", "containerd.service")).toBe("active");
  expect(await files()).toBe(before);
});
