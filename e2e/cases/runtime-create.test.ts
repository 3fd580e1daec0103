import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { testWithRuntime } from "../fixtures.ts";
import { run } from "../stack/command.ts";
import type { ContainerdOptions } from "../stack/containerd/configuration.ts";
import type { TestNode } from "../stack/node.ts";
import type { Pod } from "../stack/kubelet/pod.ts";
import type { PluginProcess } from "../stack/plugin/process.ts";
import { images } from "../stack/images/recipes.ts";
import { runProbe } from "../stack/probe.ts";

// nono-runc as the handler's runtime: what it makes of a container that is as it has to be, and of others.

const test = testWithRuntime();

const sleeper = { name: "main", image: images.busybox, command: ["sleep", "600"] };

/** Does something while the plugin is gone, and containerd has noticed. */
async function withoutPlugin(plugin: PluginProcess, pod: Pod, during: () => Promise<void>): Promise<void> {
  await plugin.stop();
  try {
    // containerd may refuse the first create by itself: a plugin that validates was there a moment ago.
    await pod.complete({ ...sleeper, name: "first", command: ["true"] }).catch(() => undefined);
    await during();
  } finally {
    await plugin.restart();
  }
}

/** containerd with that handler, and the plugin connected to it. */
async function restart(node: TestNode, plugin: PluginProcess, options: ContainerdOptions): Promise<void> {
  await plugin.stop();
  await node.restartContainerd(options);
  await plugin.restart();
}

test("a container gets its profile's digest, a record, and the sandbox", async ({ runtime, runSandboxedPod }) => {
  const pod = await runSandboxedPod({
    annotations: { "nono.sh/profile": "workspace" },
    volumes: [{ name: "data", kind: "emptyDir" }],
  });
  const container = await pod.startContainer({
    ...sleeper,
    workingDir: "/home/user",
    volumeMounts: [{ name: "data", mountPath: "/data" }],
  });
  const profile = join(runtime.directories.launcher, "profiles/workspace.json");
  const digest = createHash("sha256").update(readFileSync(profile)).digest("hex");
  const { process: started } = JSON.parse(readFileSync(join(runtime.bundle(container.id), "config.json"), "utf8"));
  expect(started.args).toEqual(
    `/nono/nono wrap --profile workspace --digest ${digest} --rw /data -- sleep 600`.split(" "),
  );
  const record = join(runtime.bundle(container.id), "nono-runc.json");
  expect(JSON.parse(readFileSync(record, "utf8"))).toMatchObject({
    namespace: "default",
    container: "main",
    sandbox: { profile: "workspace", digest, read_write: ["/data"], started: { workdir: "/home/user", home: "/root" } },
  });
  const answers = await runProbe(pod, {
    operations: ["read:/etc/passwd", "read:/etc/shadow", "create:/world/new", "create:/data/new"],
    volumeMounts: [{ name: "data", mountPath: "/data" }],
  });
  expect(answers).toEqual({
    "read:/etc/passwd": "ok",
    "read:/etc/shadow": "EACCES",
    "create:/world/new": "EACCES",
    "create:/data/new": "ok",
  });
  await container.stop();
  await container.remove();
  expect(existsSync(record)).toBe(false);
});

test("pods of other handlers are none of its business", async ({ runtime, plugin, runPod }) => {
  expect(plugin.pid).toBeDefined();
  const before = runtime.records().length;
  const pod = await runPod({ runtimeHandler: "runc" });
  expect((await pod.complete({ ...sleeper, command: ["cat", "/etc/shadow"] })).exitCode).toBe(0);
  expect(runtime.records().length).toBe(before);
});

test("a command that is not there ends the container with 127", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  const { exitCode, stderr } = await pod.complete({ ...sleeper, command: ["/bin/no-such-program"] });
  expect(exitCode).toBe(127);
  expect(stderr).toMatch(/^nono: COMMAND_NOT_FOUND: .*\n$/);
});

test("with the plugin gone nothing starts unsandboxed, and with it back everything does", async ({
  plugin,
  runtime,
  runSandboxedPod,
}) => {
  const pod = await runSandboxedPod({});
  await withoutPlugin(plugin, pod, async () => {
    const refused = pod.complete({ ...sleeper, command: ["cat", "/etc/shadow"] });
    await expect(refused).rejects.toThrow(
      /nono-runc refused the container: UNSANDBOXED: the container's command begins with "cat": .*10-nono-nri/,
    );
    expect(runtime.records().at(-1)).toMatchObject({
      msg: "refused",
      reason: "UNSANDBOXED",
      subcommand: "create",
      namespace: "default",
      pod: expect.stringMatching(/^pod-/),
      container: "main",
      error: expect.stringContaining("check that 10-nono-nri runs"),
    });
  });
  expect((await pod.complete({ ...sleeper, name: "again", command: ["cat", "/etc/shadow"] })).exitCode).toBe(1);
});

describe("without the plugin, what only looks like its work", () => {
  const wrapped = ["/nono/nono", "wrap", "--profile", "default", "--", "cat", "/etc/shadow"];

  test("a pod that calls /nono/nono itself is refused", async ({ plugin, runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    await withoutPlugin(plugin, pod, async () => {
      await expect(pod.complete({ ...sleeper, command: wrapped })).rejects.toThrow(/LAUNCHER_MOUNT: .* is not mounted/);
    });
  });

  test("also with our own directory mounted at /nono", async ({ plugin, runtime, runSandboxedPod }) => {
    const pod = await runSandboxedPod({
      volumes: [{ name: "ours", kind: "hostPath", path: runtime.directories.launcher }],
      automountServiceAccountToken: false,
    });
    await withoutPlugin(plugin, pod, async () => {
      const refused = pod.complete({
        ...sleeper,
        command: wrapped,
        volumeMounts: [{ name: "ours", mountPath: "/nono", readOnly: true }],
      });
      await expect(refused).rejects.toThrow(
        /MOUNT_OVER_LAUNCHER: .*nono-runc refused|nono-runc refused .*MOUNT_OVER_LAUNCHER/,
      );
    });
  });
});

test("a pod that calls its own /nono/nono gets a sandbox all the same", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  const command = ["/nono/nono", "wrap", "--profile", "default", "--", "cat", "/etc/shadow"];
  const { exitCode, stdout } = await pod.complete({ ...sleeper, command });
  expect(stdout).toBe("");
  expect(exitCode).not.toBe(0);
});

test("a profile that the namespace may not use is refused whatever the plugin says", async ({
  runtime,
  runSandboxedPod,
}) => {
  await runtime.withConfiguration({ allowed_profiles: { "*": ["default"], team: ["strict"] } }, async () => {
    const pod = await runSandboxedPod({ annotations: { "nono.sh/profile": "strict" } });
    await expect(pod.complete(sleeper)).rejects.toThrow(
      /PROFILE_NOT_ALLOWED: .*namespace default may not use it; use one of default in the annotation nono.sh\/profile/,
    );
    const team = await runSandboxedPod({ namespace: "team", annotations: { "nono.sh/profile": "strict" } });
    expect((await team.complete({ ...sleeper, command: ["true"] })).exitCode).toBe(0);
  });
});

test("options that another plugin or configuration would give are refused", async ({ runtime, runSandboxedPod }) => {
  await runtime.withConfiguration({ kubelet_root: "/var/lib/other" }, async () => {
    const pod = await runSandboxedPod({
      annotations: { "nono.sh/profile": "workspace" },
      volumes: [{ name: "data", kind: "emptyDir" }],
    });
    const refused = pod.complete({ ...sleeper, volumeMounts: [{ name: "data", mountPath: "/data" }] });
    await expect(refused).rejects.toThrow(/OPTIONS_MISMATCH: .*"--rw", "\/data"/);
  });
});

test("our own directory mounted at /nono by the pod, with the plugin there", async ({ runtime, runSandboxedPod }) => {
  const pod = await runSandboxedPod({
    volumes: [{ name: "ours", kind: "hostPath", path: runtime.directories.launcher }],
  });
  const volumeMounts = [{ name: "ours", mountPath: "/nono", readOnly: true }];
  await expect(pod.complete({ ...sleeper, volumeMounts })).rejects.toThrow(/MOUNT_OVER_LAUNCHER: /);
});

describe("required_plugins of the runtime, and the annotation that tolerates their absence", () => {
  const tolerant = { annotations: { "nono.sh/tolerate-missing-plugin": "true" } };
  const nriValidator = {
    enable: true,
    required_plugins: ["nono-nri"],
    tolerate_missing_plugins_annotation: "nono.sh/tolerate-missing-plugin",
  };

  test.beforeAll(async ({ node, plugin, runtime }) => {
    await restart(node, plugin, { handlerBinary: runtime.program, nriValidator });
  });
  test.afterAll(async ({ node, plugin, runtime }) => {
    await restart(node, plugin, { handlerBinary: runtime.program });
  });

  test("holds for pods of every handler, and opens nothing for ours", async ({ plugin, runPod, runSandboxedPod }) => {
    const plain = await runPod({ runtimeHandler: "runc" });
    const tolerating = await runPod({ runtimeHandler: "runc", ...tolerant });
    const sandboxed = await runSandboxedPod({});
    const forged = await runSandboxedPod(tolerant);
    const command = ["cat", "/etc/shadow"];
    expect((await plain.complete({ ...sleeper, command })).exitCode).toBe(0);
    await withoutPlugin(plugin, plain, async () => {
      const required = /nono-nri/;
      await expect(plain.complete({ ...sleeper, name: "later", command })).rejects.toThrow(required);
      await expect(sandboxed.complete({ ...sleeper, command })).rejects.toThrow(required);
      expect((await tolerating.complete({ ...sleeper, command })).exitCode).toBe(0);
      // Any author can write it into a pod; it takes the runtime's check away, and not nono-runc's.
      await expect(forged.complete({ ...sleeper, command })).rejects.toThrow(/nono-runc refused .*UNSANDBOXED: /);
    });
    expect((await forged.complete({ ...sleeper, name: "again", command })).exitCode).toBe(1);
  });
});

describe("marks that a pod writes into its annotations, where the handler passes them all", () => {
  test.beforeAll(async ({ node, plugin, runtime }) => {
    await restart(node, plugin, { handlerBinary: runtime.program, podAnnotations: ["*"] });
  });
  test.afterAll(async ({ node, plugin, runtime }) => {
    await restart(node, plugin, { handlerBinary: runtime.program });
  });

  test("containerd's own are overwritten by containerd", async ({ runSandboxedPod }) => {
    const pod = await runSandboxedPod({
      annotations: { "io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-namespace": "team" },
    });
    expect((await pod.complete({ ...sleeper, command: ["cat", "/etc/shadow"] })).exitCode).toBe(1);
  });

  test("those of CRI-O are refused under containerd", async ({ runSandboxedPod }) => {
    const forged = { "io.kubernetes.cri-o.ContainerType": "sandbox", "io.kubernetes.cri-o.SandboxID": "0" };
    await expect(runSandboxedPod({ annotations: forged })).rejects.toThrow(/POD_UNKNOWN/);
  });
});

describe("what starts a process in one step or from an image of one is refused", () => {
  test.for([
    ["run", "--bundle", "/tmp", "c1"],
    ["restore", "--bundle", "/tmp", "--image-path", "/tmp", "c1"],
    ["checkpoint", "c1"],
    ["exec", "c1", "sh"],
  ])("%s", async (args, { runtime, plugin }) => {
    expect(plugin.pid).toBeDefined();
    await expect(run(runtime.program, args)).rejects.toThrow(/nono-runc refused the call: (SUBCOMMAND|USAGE): /);
    expect(runtime.records().at(-1)).toMatchObject({
      msg: "refused",
      reason: expect.stringMatching(/SUBCOMMAND|USAGE/),
    });
  });

  test("and the real runtime answers the rest", async ({ runtime, plugin }) => {
    expect(plugin.pid).toBeDefined();
    expect(await run(runtime.program, ["--version"])).toMatch(/^runc version 1\.5\.2\n/);
    expect(JSON.parse(await run(runtime.program, ["features"]))).toHaveProperty("ociVersionMax");
  });
});

test("nothing but program and configuration is where it is installed", ({ runtime, plugin }) => {
  expect(plugin.pid).toBeDefined();
  expect(readdirSync(join(runtime.program, "..")).toSorted()).toEqual(["nono-runc", "nono-runc.json"]);
});
