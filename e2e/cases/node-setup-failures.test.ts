import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "vitest";
import { test } from "../fixtures.ts";
import { nodeName } from "../setup.ts";
import { BareNode } from "../stack/bare-node.ts";
import { run } from "../stack/command.ts";
import { containerdFile, containerdPid } from "../stack/containerd/daemon.ts";
import { plainConfiguration } from "../stack/containerd/plain-configuration.ts";
import { images } from "../stack/images/recipes.ts";
import type { TestNode } from "../stack/node.ts";
import type { NodeSetup } from "../stack/node-setup.ts";

// What goes wrong while a node is set up, on a real containerd: it is as before, or the next run brings it there.

let bare: BareNode;
let node: TestNode;

beforeAll(async () => {
  bare = await BareNode.connect(nodeName);
  ({ node } = bare);
});
afterAll(() => bare.giveBack());

const start = (): Promise<NodeSetup> => bare.restart(plainConfiguration(node.directories, 3));

/** Hides a folder under another file system for as long as `during` takes. */
async function mounted(args: string[], folder: string, during: () => Promise<void>): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await run("mount", [...args, folder]);
  try {
    await during();
  } finally {
    await run("umount", [folder]);
  }
}

test(
  "a containerd that does not come back with the new files gets the old ones",
  { timeout: 200_000 },
  async ({ runPod }) => {
    const setup = await start();
    const before = setup.snapshot();
    const plain = await (
      await runPod({})
    ).startContainer({ name: "main", image: images.busybox, command: ["sleep", "600"] });
    // Its parser has nothing against this socket, but no socket can be there.
    const { exitCode, stderr } = await setup.run("install", "--nri-socket", "/dev/null/nri.sock", "--wait", "8");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /KF_NODE_RESTART: .*; the files from before are back, and the runtime was restarted with them; /,
    );
    await node.cri.reconnect();
    expect(setup.snapshot()).toEqual(before);
    expect(await node.cri.runtimeHandlers()).not.toContain("nono-runc");
    expect((await plain.exec("true")).exitCode).toBe(0);
  },
);

test(
  "a containerd that nobody starts again is said to be down, with the old files in place",
  { timeout: 200_000 },
  async () => {
    const setup = await start();
    const before = setup.snapshot();
    await bare.stopSupervisor();
    const { exitCode, stderr } = await setup.run("install", "--wait", "3");
    bare.startSupervisor();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/KF_NODE_RESTART: .*could not be brought back/);
    expect(setup.snapshot()).toEqual(before);
    await node.cri.reconnect();
  },
);

test("a self-test that fails undoes everything", { timeout: 200_000 }, async () => {
  const setup = await start();
  const before = setup.snapshot();
  // A runtime that starts nothing.
  const { exitCode, stderr } = await setup.run("install", "--self-test", "--oci-runtime", "/bin/false");
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /KF_NODE_SELF_TEST: nono-runc: .*; the files from before are back, and the runtime was restarted/,
  );
  await node.cri.reconnect();
  expect(setup.snapshot()).toEqual(before);
  expect(await node.cri.podSandboxes()).toEqual([]);
});

test("without a way to restart it nothing is changed", async () => {
  const setup = await start();
  const before = setup.snapshot();
  for (const how of ["none", "systemd"]) {
    const { exitCode, stderr } = await setup.run("install", "--restart", how);
    expect({ how, exitCode, stderr }).toEqual({
      how,
      exitCode: 1,
      stderr: expect.stringContaining("KF_NODE_NO_RESTART"),
    });
    expect(setup.snapshot()).toEqual(before);
  }
});

test("a run that is killed, whenever, is undone or completed by the next", { timeout: 600_000 }, async () => {
  const setup = await start();
  const before = setup.snapshot();
  const startedMs = performance.now();
  expect(await setup.run("install")).toMatchObject({ exitCode: 0 });
  const wholeRunMs = performance.now() - startedMs;
  expect(await setup.run("uninstall")).toMatchObject({ exitCode: 0 });
  let killed = 0;
  for (let round = 0; round < 12; round += 1) {
    const { child, ended } = setup.spawn(round % 4 === 3 ? "uninstall" : "install");
    // From Node's start to the end of the restart, as long as that takes here.
    await delay((wholeRunMs * (round + 1)) / 13);
    child.kill("SIGKILL");
    if ((await ended).exitCode === null) killed += 1;
  }
  expect(killed).toBeGreaterThan(3);
  expect(await setup.run("install")).toMatchObject({ exitCode: 0, stderr: "" });
  await node.cri.reconnect();
  expect(await node.cri.runtimeHandlers()).toContain("nono-runc");
  expect(await setup.run("plan")).toMatchObject({ exitCode: 0 });
  expect(Object.keys(setup.snapshot()).filter((path) => path.includes(".kubefence-"))).toEqual([]);
  expect(await setup.run("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(setup.snapshot()).toEqual(before);
});

test("two at once: one works, the other is told to wait or finds it done", { timeout: 200_000 }, async () => {
  const setup = await start();
  const results = await Promise.all([setup.run("install"), setup.run("install"), setup.run("install")]);
  expect(results.filter(({ exitCode }) => exitCode === 0).length).toBeGreaterThan(0);
  for (const { exitCode, stderr } of results) {
    if (exitCode !== 0) expect(stderr).toContain("KF_NODE_LOCKED");
  }
  expect(results.filter(({ stdout }) => stdout.includes("restarted containerd"))).toHaveLength(1);
  expect(await setup.run("plan")).toMatchObject({ exitCode: 0 });
});

test("a full disk leaves nothing behind", { timeout: 200_000 }, async () => {
  const setup = await start();
  const { launcher } = node.directories;
  await mounted(["-t", "tmpfs", "-o", "size=400k,mode=0755", "tmpfs"], launcher, async () => {
    const before = setup.snapshot();
    const pid = containerdPid(node.directories);
    const { exitCode, stderr } = await setup.run("install");
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/KF_NODE_WRITE: .*ENOSPC/) });
    expect(setup.snapshot()).toEqual(before);
    expect(containerdPid(node.directories)).toBe(pid);
  });
});

test("a read-only folder: what to do by hand, and nothing changed", { timeout: 200_000 }, async () => {
  const setup = await start();
  const { launcher, run: runDirectory } = node.directories;
  await mounted(["-t", "tmpfs", "-o", "ro,mode=0755", "tmpfs"], launcher, async () => {
    const before = setup.snapshot();
    const { exitCode, stderr } = await setup.run("install");
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/KF_NODE_WRITE: .*EROFS/) });
    expect(setup.snapshot()).toEqual(before);
  });
  // The folder of the drop-in alone: the programs, which are there by then, go again.
  await mounted(["-t", "tmpfs", "-o", "ro,mode=0755", "tmpfs"], join(runDirectory, "conf.d"), async () => {
    const before = setup.snapshot();
    const { exitCode, stderr } = await setup.run("install");
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/KF_NODE_WRITE: .*EROFS/) });
    expect(setup.snapshot()).toEqual(before);
  });
});

test("what others write after us stays; what cannot be told apart is refused", { timeout: 200_000 }, async () => {
  const setup = await start();
  const main = containerdFile(node.directories);
  expect(await setup.run("install")).toMatchObject({ exitCode: 0 });
  const installed = readFileSync(main, "utf8");
  writeFileSync(main, `# a new line above\n${installed}\n# and one below\n`);
  expect(await setup.run("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
  const plain = plainConfiguration(node.directories, 3);
  expect(readFileSync(main, "utf8")).toBe(`# a new line above\n${plain}\n# and one below\n`);

  writeFileSync(main, plain);
  expect(await setup.run("install")).toMatchObject({ exitCode: 0 });
  writeFileSync(main, installed.replace(/^imports = \[/m, "imports  =  ["));
  const { exitCode, stderr } = await setup.run("uninstall");
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("KF_NODE_CHANGED") });
  writeFileSync(main, installed);
  expect(await setup.run("uninstall")).toMatchObject({ exitCode: 0 });
  expect(readFileSync(main, "utf8")).toBe(plain);
});

test("what the original left is taken over, and back after uninstall", { timeout: 200_000 }, async () => {
  const { directories } = node;
  const appended = `${plainConfiguration(directories, 2)}
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nono-runc]
  runtime_type = "io.containerd.runc.v2"
`;
  const setup = await bare.restart(appended);
  // Its launcher, the wrappers beside it, and a folder that only root may enter.
  mkdirSync(directories.launcher, { mode: 0o700 });
  for (const name of ["nono", "sh"])
    writeFileSync(join(directories.launcher, name), `#!/bin/sh\n# ${name}\n`, { mode: 0o755 });
  chmodSync(directories.launcher, 0o700);
  const before = setup.snapshot();
  const install = await setup.run("install");
  expect(install).toMatchObject({ exitCode: 0, stderr: "" });
  expect(install.stdout).toContain("note: a handler nono-runc is configured already (program runc, no annotations)");
  expect(install.stdout).toContain(`chmod ${directories.launcher}\n`);
  const dump = await setup.dump();
  expect(dump.split("runtimes.nono-runc]")).toHaveLength(2);
  expect(dump).toContain(`BinaryName = '${setup.program}'`);
  expect(await setup.run("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(setup.snapshot()).toEqual(before);
});

test("the file that the original has doubled is refused, with the line", async () => {
  const setup = await start();
  const main = containerdFile(node.directories);
  const plain = plainConfiguration(node.directories, 3);
  const lines = plain.split("\n").length;
  writeFileSync(main, `${plain}[plugins.'io.containerd.nri.v1.nri']\n  disable = false\n`);
  const { exitCode, stderr } = await setup.run("install");
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: expect.stringContaining(`KF_NODE_TOML: ${main}: line ${lines}:`),
  });
  expect(stderr).toContain("remove the later one");
  writeFileSync(main, plain);
});

test("another drop-in that would win is found before anything is written", async () => {
  const { directories } = node;
  const folder = `${directories.run}/conf.d`;
  const other = `version = 3
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.nono-runc.options]
BinaryName = "/usr/bin/other"
`;
  const main = plainConfiguration(directories, 3).replace(
    "version = 3\n",
    `version = 3\nimports = ["${folder}/*.toml"]\n`,
  );
  const setup = await bare.restart(main, { [`${folder}/zz-other.toml`]: other });
  const before = setup.snapshot();
  const { exitCode, stderr } = await setup.run("install");
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("KF_NODE_OVERRIDDEN") });
  expect(stderr).toContain("nono-runc.options.BinaryName");
  expect(setup.snapshot()).toEqual(before);
  rmSync(`${folder}/zz-other.toml`);
  // The folder is loaded already, so the main file is left alone.
  expect(await setup.run("install")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(readFileSync(containerdFile(directories), "utf8")).toBe(main);
  expect(await setup.run("uninstall")).toMatchObject({ exitCode: 0 });
});
