import { renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { testWithRuntime } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";

// With nono-runc the policy is stacked on every process, whatever became of the container's own filter.

const test = testWithRuntime({ seccomp_profile: "restricted" });

const newNamespace = ["unshare", "-U", "true"];
const filterCount = ["grep", "-E", "^Seccomp_filters:", "/proc/self/status"];

describe.each([
  { what: "no filter of its own", own: {}, filters: 1 },
  { what: "the runtime's default filter", own: { seccomp: "RuntimeDefault" }, filters: 2 },
] as const)("a container with $what", ({ own, filters }) => {
  test("its command and what is sent into it are under the policy", async ({ runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    const main = { image: images.busybox, ...own };
    const first = await pod.complete({ name: "first", ...main, command: newNamespace });
    expect(first.exitCode).not.toBe(0);
    expect(first.stderr).toMatch(/unshare.*Operation not permitted/);

    const container = await pod.startContainer({ name: "main", ...main, command: ["sleep", "600"] });
    const sent = await container.exec(...newNamespace);
    expect(sent.exitCode).not.toBe(0);
    expect(sent.stderr).toMatch(/unshare.*Operation not permitted/);
    const { stdout } = await container.exec(...filterCount);
    expect(stdout.trim().split(/\s+/)).toEqual(["Seccomp_filters:", String(filters)]);
  });
});

test("without the filter's file nothing starts, and nothing is sent into what runs", async ({
  runtime,
  runSandboxedPod,
}) => {
  const pod = await runSandboxedPod({});
  const container = await pod.startContainer({ name: "main", image: images.busybox, command: ["sleep", "600"] });
  const file = join(runtime.directories.launcher, "seccomp/restricted.bpf");
  renameSync(file, `${file}.away`);
  try {
    await expect(container.exec("true")).rejects.toThrow(/nono-runc refused the process: LAUNCHER_UNTRUSTED/);
    const other = { name: "other", image: images.busybox, command: ["true"] };
    await expect(pod.complete(other)).rejects.toThrow(/LAUNCHER_UNTRUSTED|SECCOMP_FILTER_UNUSABLE/);
  } finally {
    renameSync(`${file}.away`, file);
  }
  expect((await container.exec("true")).exitCode).toBe(0);
});
