import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect } from "vitest";
import { test } from "../fixtures.ts";
import { nodeName } from "../setup.ts";
import { ConmonContainer } from "../stack/conmon/container.ts";
import { nodeDirectories, runcRelease } from "../stack/directories.ts";
import { PluginProcess } from "../stack/plugin/process.ts";
import { RuntimeInstallation } from "../stack/runtime/installation.ts";

// nono-runc as CRI-O and conmon call it: no --log, no pid, no bundle at exec and start; the runtime's state says where.

const directories = nodeDirectories(nodeName);
// crun takes pure cgroup hierarchies only; where the machine has both, it gets a mount namespace without the newer one.
const isHybrid = existsSync("/sys/fs/cgroup/unified");
const pureCgroups = ["unshare", "--mount", "sh", "-c", 'umount /sys/fs/cgroup/unified; exec "$@"', "sh"];
const runtimes: [name: string, program: string, environment: string[]][] = [
  ["runc", join(runcRelease().binaries, "runc"), []],
  ["crun", "/usr/bin/crun", isHybrid ? pureCgroups : []],
];

describe.each(runtimes)("in front of %s", (name, program, environment) => {
  const runtime = new RuntimeInstallation(directories, `nono-${name}`, program);
  const made: ConmonContainer[] = [];
  const container = (): ConmonContainer => {
    const one = new ConmonContainer(directories, runtime.program, environment);
    made.push(one);
    return one;
  };
  const wrapped = ["/nono/nono", "wrap", "--profile", "default", "--", "sleep", "60"];

  beforeAll(async () => {
    PluginProcess.install(directories);
    await runtime.install();
  });
  afterEach(async () => {
    for (const one of made.splice(0)) await one.remove();
  });

  test("a container is created, started and entered, confined", async () => {
    const one = container();
    one.configure(directories.launcher, wrapped);
    expect(await one.create()).toMatchObject({ exitCode: 0 });
    expect(await one.runtime("start", one.id)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(JSON.parse(readFileSync(join(one.bundle, "nono-runc.json"), "utf8"))).toMatchObject({
      namespace: "team",
      pod: "web",
      sandbox: { profile: "default", started: { workdir: "/tmp", home: "/root" } },
    });
    expect(await one.exec("sh", "-c", "pwd; cat /etc/shadow; exit 6")).toEqual({
      exitCode: 6,
      stdout: "/tmp\n",
      stderr: "cat: can't open '/etc/shadow': Permission denied\n",
    });
    const log = await one.execSync("sh", "-c", "cat /etc/shadow; echo done");
    expect(log).toContain(" stderr F cat: can't open '/etc/shadow': Permission denied\n");
    expect(log).toContain(" stdout F done\n");
    const { stdout } = await one.runtime("state", one.id);
    expect(JSON.parse(stdout)).toMatchObject({ status: "running", bundle: one.bundle });
  });

  test("a command that is not there fails as under runc", async () => {
    const one = container();
    one.configure(directories.launcher, wrapped);
    await one.create();
    await one.runtime("start", one.id);
    const { exitCode, stderr } = await one.exec("no-such-program");
    expect(exitCode).toBe(255);
    expect(stderr).toMatch(
      /level=error msg="exec failed: unable to start container process: exec: \\"no-such-program\\": executable file not found in \$PATH"\n$/,
    );
  });

  test("a container without the launcher is refused, whatever it says it is", async () => {
    for (const annotations of [
      {},
      { "io.kubernetes.cri-o.ContainerType": "sandbox" },
      { "io.kubernetes.cri.container-type": "sandbox" },
    ]) {
      const one = container();
      one.configure(directories.launcher, ["sleep", "60"], annotations);
      const created = await one.runtime("create", "--bundle", one.bundle, one.id);
      expect(created.exitCode).toBe(1);
      expect(created.stderr).toMatch(/nono-runc refused the container: (UNSANDBOXED|POD_UNKNOWN): /);
      expect(existsSync(join(one.bundle, "nono-runc.json"))).toBe(false);
    }
  });

  test("the pod's sandbox is created and started, and not entered", async () => {
    const one = container();
    const marks = { "io.kubernetes.cri-o.ContainerType": "sandbox", "io.kubernetes.cri-o.SandboxID": one.id };
    one.configure(directories.launcher, ["sleep", "60"], marks);
    expect(await one.create()).toMatchObject({ exitCode: 0 });
    expect((await one.runtime("start", one.id)).exitCode).toBe(0);
    const { exitCode, stderr } = await one.exec("echo");
    expect(exitCode).toBe(255);
    expect(stderr).toContain("NO_RECORD");
  });

  test("a container that was never started is not entered, and an exec leaves no second file", async () => {
    const one = container();
    one.configure(directories.launcher, wrapped);
    await one.create();
    expect((await one.exec("echo")).stderr).toContain(
      "NO_RECORD: no process can be sent into this container: it was created",
    );
    await one.runtime("start", one.id);
    await one.exec("echo");
    const left = readdirSync(join(one.bundle, "..")).filter((file) => file.includes("exec-process"));
    expect(left).toEqual([]);
  });

  test("a container that has ended, or is not there, is not found", async () => {
    const one = container();
    one.configure(directories.launcher, wrapped);
    expect((await one.runtime("start", one.id)).stderr).toContain("STATE_UNKNOWN");
    await one.create();
    await one.runtime("start", one.id);
    await one.runtime("kill", one.id, "KILL");
    await expect.poll(async () => (await one.exec("echo")).stderr).toMatch(/STATE_UNKNOWN: .* has ended/);
  });
});
