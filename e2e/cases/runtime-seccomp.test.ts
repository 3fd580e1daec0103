import { chmodSync, copyFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { testWithRuntime } from "../fixtures.ts";
import { busyboxWith, images } from "../stack/images/recipes.ts";
import { cache } from "../stack/directories.ts";
import type { ContainerSpec } from "../stack/kubelet/pod-spec.ts";

// The policy of seccomp_profile behind nono-runc: on every process, whatever the plugin did about the container's own filter.

const test = testWithRuntime({ seccomp_profile: "restricted" });

const sleeper = { name: "main", image: images.busybox, command: ["sleep", "600"] };
const workspace = {
  annotations: { "nono.sh/profile": "workspace" },
  volumes: [{ name: "work", kind: "emptyDir" }],
} as const;
const filters: [string, ContainerSpec["seccomp"]][] = [
  ["without a filter of its own", undefined],
  ["with the runtime's", "RuntimeDefault"],
];

/** What `seccomp-probe` says, by call. */
function probeResults(stdout: string): Record<string, string> {
  const rows = stdout.matchAll(/^ {2}(\w+) +([A-Z-]+(?: [A-Z]+)*?) {2,}/gm);
  return Object.fromEntries([...rows].map(([, call, result]) => [call, result]));
}

test.for(filters)("an exec into a container %s", async ([, seccomp], { runSandboxedPod }) => {
  const pod = await runSandboxedPod({ ...workspace, volumes: [...workspace.volumes] });
  const probe = join(pod.volumePath("work"), "seccomp-probe");
  copyFileSync(join(cache, "bin/seccomp-probe"), probe);
  chmodSync(probe, 0o755);
  const container = await pod.startContainer({
    ...sleeper,
    ...(seccomp !== undefined && { seccomp }),
    volumeMounts: [{ name: "work", mountPath: "/work" }],
  });

  const arguments_ = await container.exec("cat", "/proc/1/cmdline");
  expect(arguments_.stdout.split("\0")).toContain("sleep");
  const { exitCode, stdout, stderr } = await container.exec("env", "NO_COLOR=1", "/work/seccomp-probe");
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(probeResults(stdout)).toMatchObject({
    seccomp: "SECCOMP BLOCKED",
    ptrace: "SECCOMP BLOCKED",
    io_uring_setup: "SECCOMP BLOCKED",
    process_vm_readv: "SECCOMP BLOCKED",
    unshare: "SECCOMP BLOCKED",
    clone3: "NO SUCH CALL",
    read: "ALLOWED",
    landlock_create_ruleset: "ALLOWED",
  });
});

test("an image whose /x leads to /nono, and a volume over /x/seccomp", async ({ node, runSandboxedPod }) => {
  const image = await node.importImage(busyboxWith("link-x", [{ path: "x", symlink: "/nono" }]));
  const pod = await runSandboxedPod({ volumes: [{ name: "fake", kind: "emptyDir" }] });
  copyFileSync(join(cache, "bin/seccomp/original-runtime-default.bpf"), join(pod.volumePath("fake"), "restricted.bpf"));
  const started = pod.complete({
    name: "main",
    image,
    command: ["true"],
    volumeMounts: [{ name: "fake", mountPath: "/x/seccomp" }],
  });
  await expect(started).rejects.toThrow(/nono-runc refused the container: SECCOMP_COVERED: /);
});

test("the plugin's policy is another than nono-runc's", async ({ runtime, runSandboxedPod }) => {
  await runtime.withConfiguration({ seccomp_profile: "runtime-default" }, async () => {
    const pod = await runSandboxedPod({});
    await expect(pod.complete({ ...sleeper, command: ["true"] })).rejects.toThrow(/OPTIONS_MISMATCH: /);
  });
});

test("the filter's file is gone", async ({ runtime, runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  const container = await pod.startContainer(sleeper);
  // By then its own launcher has read the file.
  expect((await container.exec("true")).exitCode).toBe(0);
  const file = join(runtime.directories.launcher, "seccomp/restricted.bpf");
  renameSync(file, `${file}.away`);
  try {
    await expect(container.exec("true")).rejects.toThrow(/nono-runc refused the process: LAUNCHER_UNTRUSTED/);
    // Whichever looks first.
    const other = { ...sleeper, name: "other", command: ["true"] };
    await expect(pod.complete(other)).rejects.toThrow(/LAUNCHER_UNTRUSTED|SECCOMP_FILTER_UNUSABLE/);
  } finally {
    renameSync(`${file}.away`, file);
  }
  expect((await container.exec("true")).exitCode).toBe(0);
});
