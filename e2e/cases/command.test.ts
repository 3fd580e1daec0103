import { readFileSync, readlinkSync } from "node:fs";
import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";
import { runProbe } from "../stack/probe.ts";

// What the plugin puts in front of a command, and that nothing of it is left when the command runs.

const test = testWithPlugin();

test("process 1 is the original command, seen from the container", async ({ runSandboxedPod }) => {
  const answers = await runProbe(await runSandboxedPod({}), {
    operations: [
      "content:/proc/1/cmdline",
      "content:/proc/self/comm",
      "cwd",
      "descriptors",
      "env:NONO_PROFILE",
      "env:PATH",
    ],
    workingDir: "/home/user",
    env: [{ name: "PATH", value: "/usr/bin:/bin" }],
  });
  expect(answers).toEqual({
    "content:/proc/1/cmdline":
      "/usr/bin/probe content:/proc/1/cmdline content:/proc/self/comm cwd descriptors env:NONO_PROFILE env:PATH",
    "content:/proc/self/comm": "probe",
    cwd: "/home/user",
    descriptors: "0,1,2",
    "env:NONO_PROFILE": "default",
    "env:PATH": "/nono:/usr/bin:/bin",
  });
});

test("process 1 is the original command, seen from the node", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  const container = await pod.startContainer({ name: "sleeper", image: images.busybox, command: ["sleep", "600"] });
  const pid = await container.pid();
  await expect.poll(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")).toBe("sleep\x00600\0");
  expect(readlinkSync(`/proc/${pid}/exe`)).toBe("/bin/busybox");
});

test("the runtime got the launcher in front of the command, one mount and two variables", async ({
  node,
  runSandboxedPod,
}) => {
  const pod = await runSandboxedPod({});
  const container = await pod.createContainer({
    name: "created",
    image: images.busybox,
    command: ["sleep", "600"],
    env: [{ name: "GREETING", value: "hello" }],
  });
  const { process: started, mounts } = await container.runtimeSpec();
  expect(started.args).toEqual(["/nono/nono", "wrap", "--profile", "default", "--", "sleep", "600"]);
  expect(mounts.filter(({ destination }) => destination.startsWith("/nono"))).toEqual([
    { destination: "/nono", type: "bind", source: node.directories.launcher, options: ["bind", "ro", "rprivate"] },
  ]);
  const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  expect(started.env.filter((entry) => /^(PATH|NONO_.*)=/.test(entry)).toSorted()).toEqual([
    "NONO_PROFILE=default",
    `PATH=/nono:${path}`,
  ]);
  expect(started.env).toContain("GREETING=hello");
});

test("a bare name is looked up in PATH as the runtime would, never in /nono", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  const { exitCode, stdout, stderr } = await pod.complete({
    name: "bare",
    image: images.busybox,
    command: ["echo", "found"],
  });
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: "found\n", stderr: "" });
});

test("a command that is not there ends with 127 and one line, one that cannot run with 126", async ({
  runSandboxedPod,
}) => {
  const pod = await runSandboxedPod({});
  const missing = await pod.complete({ name: "missing", image: images.busybox, command: ["/bin/no-such-program"] });
  expect(missing).toMatchObject({ exitCode: 127, stdout: "" });
  expect(missing.stderr).toMatch(/^nono: [A-Z_]+: .*no-such-program.*\n$/);
  const unfit = await pod.complete({ name: "unfit", image: images.busybox, command: ["/etc/passwd"] });
  expect(unfit).toMatchObject({ exitCode: 126, stdout: "" });
  expect(unfit.stderr).toMatch(/^nono: [A-Z_]+: .*\/etc\/passwd.*\n$/);
});

test("a terminal is the command's", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  const command = ["sh", "-c", "test -t 0 && test -t 1 && tty"];
  const { exitCode, stdout } = await pod.complete({ name: "terminal", image: images.busybox, tty: true, command });
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "/dev/pts/0\n" });
});

test("exit codes and signals of the command are the container's", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  expect(await pod.complete({ name: "seven", image: images.busybox, command: ["sh", "-c", "exit 7"] })).toMatchObject({
    exitCode: 7,
  });
  const container = await pod.startContainer({
    name: "stopped",
    image: images.busybox,
    command: ["/usr/bin/probe", "stay"],
  });
  await expect.poll(() => container.output().stdout).toBe("staying\n");
  await container.stop(30);
  expect((await container.exit()).exitCode).toBe(0);
});
