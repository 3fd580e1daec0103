import { writeFileSync, chmodSync, readFileSync, renameSync, rmSync, copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { type RuntimeFixtures, testWithRuntime } from "../fixtures.ts";
import { busyboxWith, images } from "../stack/images/recipes.ts";
import type { Pod } from "../stack/kubelet/pod.ts";

// What the container would really run at /nono/nono: tricks of the image that nobody sees in its configuration.

const test = testWithRuntime();

const fakeLauncher = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n';
const reader = { name: "main", command: ["cat", "/etc/shadow"] };
const refused = (code: string): RegExp => new RegExp(`nono-runc refused the container: ${code}: `);

/** A pod with a volume that holds a launcher of its own. */
async function podWithFake(runSandboxedPod: RuntimeFixtures["runSandboxedPod"]): Promise<Pod> {
  const pod = await runSandboxedPod({ volumes: [{ name: "fake", kind: "emptyDir" }] });
  const launcher = join(pod.volumePath("fake"), "nono");
  writeFileSync(launcher, fakeLauncher);
  chmodSync(launcher, 0o755);
  return pod;
}

describe("an image whose /x leads to /nono", () => {
  const image = busyboxWith("link-x", [{ path: "x", symlink: "/nono" }]);

  test("and a volume's file over /x/nono", async ({ node, runSandboxedPod }) => {
    const pod = await podWithFake(runSandboxedPod);
    const started = pod.complete({
      ...reader,
      image: await node.importImage(image),
      volumeMounts: [{ name: "fake", mountPath: "/x/nono", subPath: "nono" }],
    });
    await expect(started).rejects.toThrow(refused("LAUNCHER_COVERED"));
  });

  test("and a volume over /x/profiles", async ({ node, runSandboxedPod }) => {
    const pod = await podWithFake(runSandboxedPod);
    const started = pod.complete({
      ...reader,
      image: await node.importImage(image),
      volumeMounts: [{ name: "fake", mountPath: "/x/profiles" }],
    });
    await expect(started).rejects.toThrow(refused("MANIFEST_COVERED"));
  });

  test("and a volume over all of /x", async ({ node, runSandboxedPod }) => {
    const pod = await podWithFake(runSandboxedPod);
    const started = pod.complete({
      ...reader,
      image: await node.importImage(image),
      volumeMounts: [{ name: "fake", mountPath: "/x" }],
    });
    await expect(started).rejects.toThrow(refused("LAUNCHER_COVERED"));
  });
});

describe("an image whose /nono leads elsewhere", () => {
  // A look from the node through /proc/PID/root would follow the link into the node, and find the launcher there.
  test("to where the node has the launcher, and a volume is mounted there", async ({
    node,
    runtime,
    runSandboxedPod,
  }) => {
    const { launcher } = runtime.directories;
    const image = await node.importImage(busyboxWith("link-nono", [{ path: "nono", symlink: launcher }]));
    const pod = await podWithFake(runSandboxedPod);
    const started = pod.complete({ ...reader, image, volumeMounts: [{ name: "fake", mountPath: launcher }] });
    await expect(started).rejects.toThrow(refused("LAUNCHER_COVERED"));
  });

  test("to a directory of the image, where our mount then is", async ({ node, runSandboxedPod }) => {
    const image = await node.importImage(
      busyboxWith("link-elsewhere", [
        { path: "nono", symlink: "/elsewhere" },
        { path: "elsewhere", directory: true },
      ]),
    );
    const pod = await runSandboxedPod({});
    await expect(pod.complete({ ...reader, image })).rejects.toThrow(/LAUNCHER_COVERED: .* symbolic link on the way/);
  });
});

test("a working directory under /proc/self/fd opens nothing of the node", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({ annotations: { "nono.sh/profile": "workspace" } });
  for (const descriptor of [3, 6, 7, 8]) {
    const name = `fd-${descriptor}`;
    const script = "cat /etc/shadow ../../../../etc/shadow; ls ../../../..";
    const ended = await pod
      .complete({
        name,
        image: images.busybox,
        command: ["sh", "-c", script],
        workingDir: `/proc/self/fd/${descriptor}`,
      })
      .catch((error: unknown) => ({ exitCode: -1, stdout: "", stderr: String(error) }));
    expect(ended.exitCode, name).not.toBe(0);
    expect(ended.stdout, name).toBe("");
  }
});

test("a seccomp profile that answers for Landlock starts nothing", async ({ runtime, runSandboxedPod }) => {
  const profile = join(runtime.directories.run, "landlock-says-yes.json");
  writeFileSync(
    profile,
    JSON.stringify({
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["landlock_restrict_self"], action: "SCMP_ACT_ERRNO", errnoRet: 0 }],
    }),
  );
  const pod = await runSandboxedPod({});
  const { exitCode, stdout, stderr } = await pod.complete({
    ...reader,
    image: images.busybox,
    seccomp: { localhost: profile },
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 125, stdout: "" });
  expect(stderr).toMatch(/^nono: [A-Z_]+: /);
});

describe("the launcher and profiles of the node", () => {
  test("a launcher that is replaced by another is not run", async ({ runtime, runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    const container = await pod.startContainer({ name: "before", image: images.busybox, command: ["sleep", "600"] });
    const launcher = join(runtime.directories.launcher, "nono");
    renameSync(launcher, `${launcher}.good`);
    try {
      copyFileSync("/bin/busybox", launcher);
      await expect(pod.complete({ ...reader, image: images.busybox })).rejects.toThrow(/LAUNCHER_UNTRUSTED/);
      await expect(container.exec("true")).rejects.toThrow(/nono-runc refused the process: LAUNCHER_UNTRUSTED/);
    } finally {
      renameSync(`${launcher}.good`, launcher);
    }
    expect((await container.exec("true")).exitCode).toBe(0);
  });

  test("the same launcher installed anew is accepted by its content", async ({ runtime, runSandboxedPod }) => {
    const launcher = join(runtime.directories.launcher, "nono");
    copyFileSync(launcher, `${launcher}.new`);
    chmodSync(`${launcher}.new`, 0o755);
    renameSync(`${launcher}.new`, launcher);
    const pod = await runSandboxedPod({});
    expect((await pod.complete({ name: "main", image: images.busybox, command: ["true"] })).exitCode).toBe(0);
    await runtime.configure();
  });

  test("a profile keeps its meaning for a container, whatever its name stands for later", async ({
    runtime,
    runSandboxedPod,
  }) => {
    const pod = await runSandboxedPod({});
    const container = await pod.startContainer({ name: "before", image: images.busybox, command: ["sleep", "600"] });
    const named = join(runtime.directories.launcher, "profiles/default.json");
    const manifest = readFileSync(named, "utf8");
    const wide = { version: "0.1.0", filesystem: { grants: [{ path: "/etc", access: "readwrite" }] } };
    try {
      writeFileSync(named, JSON.stringify(wide));
      expect((await container.exec("cat", "/etc/shadow")).exitCode).toBe(1);
    } finally {
      writeFileSync(named, manifest);
    }
  });

  test("a stored manifest that was changed is not used", async ({ runtime, runSandboxedPod }) => {
    const stored = join(runtime.directories.launcher, "profiles/by-digest");
    const saved = new Map(readdirSync(stored).map((name) => [name, readFileSync(join(stored, name))]));
    const pod = await runSandboxedPod({});
    try {
      for (const name of saved.keys()) {
        writeFileSync(join(stored, name), "{}");
      }
      const started = pod.complete({ ...reader, image: images.busybox });
      await expect(started).rejects.toThrow(/MANIFEST_COVERED: .*another SHA-256/);
      for (const name of saved.keys()) {
        rmSync(join(stored, name));
      }
      const again = pod.complete({ ...reader, name: "again", image: images.busybox });
      await expect(again).rejects.toThrow(/MANIFEST_COVERED: /);
    } finally {
      for (const [name, content] of saved) {
        writeFileSync(join(stored, name), content);
      }
    }
  });
});
