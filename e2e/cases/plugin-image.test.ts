import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect } from "vitest";
import { find, render } from "../../charts/tests/helm.ts";
import { test } from "../fixtures.ts";
import { nodeName } from "../setup.ts";
import { run } from "../stack/command.ts";
import { containerdRelease, nodeDirectories } from "../stack/directories.ts";
import { importArchive } from "../stack/images/import.ts";
import { pluginImage } from "../stack/images/plugin-image.ts";
import { images } from "../stack/images/recipes.ts";
import type { ContainerSpec, PodSpec } from "../stack/kubelet/pod-spec.ts";
import { TestNode } from "../stack/node.ts";
import { configurationFile, PluginProcess, stopPlugin } from "../stack/plugin/process.ts";
import { runProbe } from "../stack/probe.ts";

// The image, as `make docker-build` makes it: what is in it, that it runs under the restrictions of our manifests, and that
// it gives working sandboxes under our init container and under the original's.

const reference = "localhost/kubefence/nono-nri:test";
const isUserShown = !containerdRelease().version.startsWith("2.2.");
let archiveBytes = 0;
beforeAll(async () => {
  const image = await pluginImage(reference);
  archiveBytes = statSync(image.archive).size;
  const node = await TestNode.connect(nodeName);
  await importArchive(node.directories, node.cri, image);
  node.disconnect();
});

/** What our manifests and the original's allow the pods of the plugin. */
const restricted = {
  image: reference,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
} satisfies Partial<ContainerSpec>;

const shell = (script: string): ContainerSpec => ({ name: "shell", ...restricted, command: ["/bin/sh", "-c", script] });

test("content: programs, profiles, nothing of npm; no larger than it has to be", async ({ runPod }) => {
  const pod = await runPod({});
  const { stdout, stderr } = await pod.complete(shell("find /usr/local ! -type d | sort"));
  expect(stderr).toBe("");
  const profiles = [...stdout.matchAll(/share\/kubefence\/profiles\/(?:by-digest\/[0-9a-f]{64}|[a-z-]+)\.json$/gm)];
  expect(profiles.length).toBeGreaterThan(20);
  const others = stdout
    .split("\n")
    .filter((line) => line.startsWith("/") && !/\/(?:profiles(?:-nono)?|seccomp)\//.test(line));
  expect(others).toEqual([
    "/usr/local/bin/10-nono-nri",
    "/usr/local/bin/kubefence",
    "/usr/local/bin/node",
    "/usr/local/bin/nono",
    "/usr/local/bin/nono-runc",
    "/usr/local/share/kubefence/LICENSE",
    "/usr/local/share/kubefence/nono",
    "/usr/local/share/kubefence/nono-runc",
    "/usr/local/share/kubefence/shim",
  ]);
  expect(stdout).toContain("/usr/local/share/kubefence/profiles-nono/linux-host-compat.json\n");
  expect(archiveBytes).toBeLessThan(66e6);
  const { stdout: size } = await pod.complete({ ...shell("du -xsm /"), name: "size" });
  // Node alone is 121.
  expect(Number.parseInt(size, 10)).toBeLessThan(165);
});

test("the seccomp filters are for the image's machine", async ({ runPod }) => {
  const pod = await runPod({});
  const machine = "od -A n -t x4 -j 12 -N 4 /usr/local/share/kubefence/seccomp/restricted.bpf";
  const audit = process.arch === "arm64" ? "c00000b7" : "c000003e";
  expect((await pod.complete(shell(machine))).stdout.trim()).toBe(audit);
});

test("every program starts with a read-only root and without capabilities", async ({ runPod }) => {
  const pod = await runPod({});
  const programs = ["10-nono-nri -h 2>&1 | head -n 1", "kubefence --version", "nono --version", "node --version"];
  const { stdout, stderr, exitCode } = await pod.complete(shell(programs.join(" && ")));
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout.split("\n").slice(0, 2)).toEqual(["Usage of 10-nono-nri:", "0.1.0"]);
  expect(stdout).toMatch(/^v24\./m);
});

test("what the original's end-to-end test runs in it: sh, grep, find, wc", async ({ runPod }) => {
  const pod = await runPod({});
  const script = "find /etc -name os-release -exec grep -l Debian {} + | wc -l; printf '%s\\n' ok";
  expect((await pod.complete(shell(script))).stdout).toMatch(/^\s*1\nok\n$/);
});

const directories = nodeDirectories(nodeName);

/** A pod of the plugin: the launcher's directory of the node where our manifests have it. */
const nodePod: Omit<PodSpec, "name"> = {
  automountServiceAccountToken: false,
  volumes: [
    { name: "nono-host-dir", kind: "hostPath", path: directories.launcher },
    { name: "nri-config", kind: "hostPath", path: join(configurationFile(directories), "..") },
  ],
};
const nonoHostDirectory = { name: "nono-host-dir", mountPath: "/opt/nono-nri" };

function emptyLauncherDirectory(): void {
  // As the original's chart and example have it. Pods of these tests have no filter of their own, so the launcher adds ours.
  PluginProcess.install(directories, { seccomp_profile: "restricted" });
  rmSync(directories.launcher, { recursive: true });
  mkdirSync(directories.launcher);
}

const operations = ["create:/usr/bin/new", "read:/etc/passwd", "list:/nono"];
const confined = { "create:/usr/bin/new": "EACCES", "read:/etc/passwd": "ok", "list:/nono": "EACCES" };

test("what `helm test` runs: passes in a sandbox, fails without one", async ({ runPod }) => {
  const { command } = find(render(), "Pod", "kubefence-test")["spec"].containers[0];
  const container: ContainerSpec = { name: "denied-write", image: reference, command };
  const plugin = await PluginProcess.start(directories);
  try {
    const sandboxed = await (await runPod({ runtimeHandler: "nono-runc" })).complete(container);
    expect(sandboxed).toMatchObject({ exitCode: 0, stdout: "OK: the kernel denied a write to /usr/local/bin\n" });
    const plain = await (await runPod({})).complete(container);
    expect(plain).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("FAILED: a write to /usr/local/bin") });
  } finally {
    await plugin.stop();
  }
});

test("our init container: working sandboxes, for every user", async ({ runPod }) => {
  emptyLauncherDirectory();
  const init: ContainerSpec = {
    name: "install-nono",
    ...restricted,
    command: ["/usr/local/bin/kubefence", "install-launcher", "--directory=/opt/nono-nri"],
    volumeMounts: [nonoHostDirectory],
  };
  const { stdout, stderr, exitCode } = await (await runPod(nodePod)).complete(init);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toContain("/opt/nono-nri/nono: installed, sha256 ");
  expect(readdirSync(directories.launcher).toSorted()).toEqual(expect.arrayContaining(["nono", "profiles"]));
  const plugin = await PluginProcess.startInstalled(directories);
  try {
    const pod = await runPod({ runtimeHandler: "nono-runc" });
    expect(await runProbe(pod, { operations })).toEqual(confined);
    expect(await runProbe(pod, { name: "user", runAsUser: 1000, operations })).toEqual(confined);
  } finally {
    await plugin.stop();
  }
});

/** Does what the original's init container does: mode 0700, a copy in place, a wrapper script for each name. */
const originalScript = `
chmod 0700 /opt/nono-nri
cp /usr/local/bin/nono /opt/nono-nri/nono
chmod 0755 /opt/nono-nri/nono
for pair in sh:/bin/sh bash:/bin/bash python3:/usr/bin/python3; do
  printf '#!/bin/sh\\nexec /nono/nono wrap --profile "\${NONO_PROFILE:-default}" -- %s "$@"\\n' "\${pair#*:}" >"/opt/nono-nri/\${pair%%:*}"
  chmod 0755 "/opt/nono-nri/\${pair%%:*}"
done`;

test("the original's init container: working sandboxes for root, and the command that opens them to others", async ({
  runPod,
}) => {
  emptyLauncherDirectory();
  const init = { ...shell(originalScript), volumeMounts: [nonoHostDirectory] };
  expect(await (await runPod(nodePod)).complete(init)).toMatchObject({ stderr: "", exitCode: 0 });
  expect(readdirSync(directories.launcher).toSorted()).toEqual(["bash", "nono", "python3", "sh"]);
  expect(statSync(directories.launcher).mode & 0o777).toBe(0o700);
  await PluginProcess.startInstalled(directories);
  try {
    const pod = await runPod({ runtimeHandler: "nono-runc" });
    expect(await runProbe(pod, { operations })).toEqual(confined);
    // A bare name that a wrapper has too is still the image's own program.
    const command = ["sh", "-c", "grep Seccomp: /proc/self/status; : >/usr/bin/new"];
    const { stdout } = await pod.complete({ name: "bare", image: images.busybox, command });
    // The script copies no filters: the launcher's own.
    expect(stdout).toBe("Seccomp:\t2\n");
    // containerd 2.2 does not show the user, so there the plugin cannot tell.
    if (isUserShown) {
      const asUser = pod.createContainer({ name: "user", image: images.busybox, command: ["true"], runAsUser: 1000 });
      await expect(asUser).rejects.toThrow(/LAUNCHER_UNREACHABLE: .*chmod/);
    }
    await run("chmod", ["0755", directories.launcher]);
    await expect
      .poll(() => runProbe(pod, { name: `user-${Date.now()}`, runAsUser: 1000, operations }).catch(String), {
        timeout: 40_000,
        interval: 1000,
      })
      .toEqual(confined);
  } finally {
    await stopPlugin(directories);
  }
});
