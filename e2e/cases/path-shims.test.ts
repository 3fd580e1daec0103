import { join } from "node:path";
import { describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { run } from "../stack/command.ts";
import { checkout, type NodeDirectories } from "../stack/directories.ts";
import { images } from "../stack/images/recipes.ts";
import { configurationFile } from "../stack/plugin/process.ts";

// path_shims = true, under a handler without nono-runc: what containerd sends into a container by one of the names starts
// under the launcher.

const test = testWithPlugin({ path_shims: true }, installShims);

async function installShims(directories: NodeDirectories): Promise<void> {
  await run(join(checkout, "build/kubefence"), [
    "install-launcher",
    `--directory=${directories.launcher}`,
    `--release=${join(checkout, "build")}`,
    `--config=${configurationFile(directories)}`,
    "--runtime-config=/nonexistent/nono-runc.json",
  ]);
}

const sleeper = { name: "sleeper", image: images.busybox, command: ["sleep", "600"] };
/** A shell in a shell, 20 times, then the command. */
const nested = (command: string): string[] => {
  const script = `if [ "$1" -gt 0 ]; then sh -c "$0" "$0" $(($1 - 1)); else ${command}; fi`;
  return ["sh", "-c", script, script, "20"];
};

describe("a process that is sent into a container", () => {
  test("by one of the names is confined, by a path it is not", async ({ runSandboxedPod }) => {
    const container = await (await runSandboxedPod({})).startContainer(sleeper);
    expect(await container.exec("sh", "-c", "cat /etc/shadow; echo $?")).toMatchObject({
      exitCode: 0,
      stdout: "1\n",
      stderr: expect.stringContaining("Permission denied"),
    });
    expect(await container.exec("ash", "-c", "echo x > /etc/planted")).toMatchObject({
      stderr: expect.stringContaining("Permission denied"),
    });
    expect((await container.exec("/bin/sh", "-c", "cat /etc/shadow")).exitCode).toBe(0);
  });

  test("has the node's default profile, whatever the container has", async ({ runSandboxedPod }) => {
    const annotations = { "nono.sh/profile": "workspace" };
    const pod = await runSandboxedPod({ annotations, volumes: [{ name: "data", kind: "emptyDir" }] });
    const container = await pod.startContainer({
      ...sleeper,
      command: ["/bin/busybox", "sh", "-c", "echo own > /data/own; exec sleep 600"],
      env: [{ name: "NONO_PROFILE", value: "workspace" }],
      volumeMounts: [{ name: "data", mountPath: "/data" }],
    });
    await expect.poll(async () => (await container.exec("/bin/cat", "/data/own")).stdout).toBe("own\n");
    const { stderr } = await container.exec("sh", "-c", "NONO_PROFILE=workspace; echo x > /data/sent");
    expect(stderr).toContain("Permission denied");
  });

  test("that is not in the image says so, with 127", async ({ runSandboxedPod }) => {
    const container = await (await runSandboxedPod({})).startContainer(sleeper);
    expect(await container.exec("ruby", "--version")).toEqual({
      exitCode: 127,
      stdout: "",
      stderr: expect.stringMatching(/^nono: COMMAND_NOT_FOUND: ruby /),
    });
  });

  // Debian's: busybox runs its own shell without looking at PATH.
  test("may be a shell in a shell, 20 times: the sandbox is not stacked", async ({ runSandboxedPod }) => {
    const container = await (await runSandboxedPod({})).startContainer({ ...sleeper, image: images.debian });
    expect(await container.exec(...nested("cat /etc/shadow; echo deep"))).toMatchObject({
      exitCode: 0,
      stdout: "deep\n",
      stderr: expect.stringContaining("Permission denied"),
    });
  });
});

describe("the container's own processes", () => {
  test("find the program behind the shim, 20 times nested", async ({ runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    const spec = { name: "nested", image: images.debian };
    expect(await pod.complete({ ...spec, command: nested("echo deep") })).toEqual({
      exitCode: 0,
      stdout: "deep\n",
      stderr: "",
    });
    const command = ["sh", "-c", "sh -c 'echo $0'; env sh -c 'echo env'; command -v sh"];
    expect(await pod.complete({ ...spec, name: "once", command })).toEqual({
      exitCode: 0,
      stdout: "/usr/bin/sh\nenv\n/nono/sh\n",
      stderr: "",
    });
  });

  test("a PATH that leads to the launcher's directory by another name ends there", async ({ runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    const command = ["/bin/busybox", "sh", "-c", "PATH=/nono:/proc/self/root/nono:/../nono:/bin; sh -c 'echo found'"];
    expect(await pod.complete({ name: "path", image: images.busybox, command })).toMatchObject({
      exitCode: 0,
      stdout: "found\n",
    });
  });

  test("an interpreter knows where it is", async ({ runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    const command = [
      "bash",
      "-c",
      "python3 -c 'import sys, json; print(sys.executable, sys.argv)' a; bash -c 'echo $0'",
    ];
    expect(await pod.complete({ name: "python", image: images.debian, command })).toEqual({
      exitCode: 0,
      stdout: "/usr/bin/python3 ['-c', 'a']\n/usr/bin/bash\n",
      stderr: "",
    });
  });
});
