import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "vitest";
import { FakeRuntime } from "@kubefence/nri/testing";
import { find, render } from "../../charts/tests/helm.ts";
import { test } from "../fixtures.ts";
import { nodeName } from "../setup.ts";
import { nodeDirectories } from "../stack/directories.ts";
import { importArchive } from "../stack/images/import.ts";
import { pluginImage } from "../stack/images/plugin-image.ts";
import { TestNode } from "../stack/node.ts";
import { PluginProcess } from "../stack/plugin/process.ts";

// The image under the chart's limits (200m CPU, 128Mi memory, CPU throttled): it starts, and in a storm of 50 creations a second
// no answer is later than the runtime's 2 s. The runtime is the SDK's fake one: the machine could not create so many containers.

const reference = "localhost/kubefence/nono-nri:test";
const limits = { milliCpu: 200, memoryMib: 128 };
const [creationsPerSecond, seconds, runtimeTimeoutMs] = [50, 30, 2000];

const directories = nodeDirectories(nodeName);
const shared = mkdtempSync(join(tmpdir(), "kubefence-limits-"));
beforeAll(async () => {
  const node = await TestNode.connect(nodeName);
  await importArchive(node.directories, node.cri, await pluginImage(reference));
  node.disconnect();
  PluginProcess.install(directories);
  for (const folder of ["nri", "config", "state"]) mkdirSync(join(shared, folder));
  const configuration =
    'runtime_classes = ["nono-runc"]\ndefault_profile = "default"\nnono_bin_path = "/opt/nono-nri/nono"\n';
  writeFileSync(join(shared, "config/10-nono-nri.toml"), configuration);
});
afterAll(() => rmSync(shared, { recursive: true }));

/** A value of the container's cgroup, under version 1 or 2. */
function cgroupValue(pid: number, controller: string, names: readonly [string, string]): string {
  for (const line of readFileSync(`/proc/${pid}/cgroup`, "utf8").split("\n")) {
    const [, controllers = "", path = ""] = line.split(":");
    if (controllers.split(",").includes(controller))
      return readFileSync(join("/sys/fs/cgroup", controller, path, names[0]), "utf8");
    if (
      controllers === "" &&
      line !== "" &&
      !readFileSync("/proc/self/mounts", "utf8").includes(`cgroup/${controller}`)
    ) {
      return readFileSync(join("/sys/fs/cgroup", path, names[1]), "utf8");
    }
  }
  throw new Error(`process ${pid} has no cgroup of ${controller}`);
}

test("start, memory, and a storm of creations", async ({ runPod }) => {
  const { command } = find(render(), "DaemonSet", "kubefence")["spec"].template.spec.containers[0];
  await using runtime = await FakeRuntime.start({
    socketPath: join(shared, "nri/nri.sock"),
    requestTimeoutMs: runtimeTimeoutMs,
  });
  const volumes = [
    { name: "nri-socket", path: join(shared, "nri"), mountPath: "/var/run/nri" },
    { name: "nono-host-dir", path: directories.launcher, mountPath: "/opt/nono-nri" },
    { name: "nri-config", path: join(shared, "config"), mountPath: "/etc/nri/conf.d" },
    { name: "nono-state", path: join(shared, "state"), mountPath: "/var/run/nono-nri" },
  ];
  const pod = await runPod({ volumes: volumes.map(({ name, path }) => ({ name, path, kind: "hostPath" })) });
  const startedAt = performance.now();
  const container = await pod.startContainer({
    name: "nono-nri",
    image: reference,
    command,
    limits,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    volumeMounts: volumes.map(({ name, mountPath }) => ({ name, mountPath })),
  });
  const plugin = await runtime.nextPlugin();
  const startMs = performance.now() - startedAt;

  const answersMs: number[] = [];
  const failures: unknown[] = [];
  const create = async (index: number): Promise<void> => {
    const sandbox = {
      id: `s${index}`,
      uid: `u${index}`,
      name: "storm",
      namespace: "default",
      runtimeHandler: "nono-runc",
    };
    const before = performance.now();
    try {
      const { adjust } = await plugin.createContainer(sandbox, {
        id: `c${index}`,
        podSandboxId: `s${index}`,
        name: "main",
        args: ["sleep", "infinity"],
        env: Array.from({ length: 40 }, (_, variable) => `VARIABLE_${variable}=${"x".repeat(40)}`),
        mounts: Array.from({ length: 30 }, (_, mount) => ({
          destination: `/mnt/${mount}`,
          type: "tmpfs",
          source: "tmpfs",
        })),
      });
      expect(adjust?.args[0]).toBe("/nono/nono");
      answersMs.push(performance.now() - before);
    } catch (error) {
      failures.push(error);
    }
  };
  const pending: Promise<void>[] = [];
  for (let index = 0; index < creationsPerSecond * seconds; index++) {
    pending.push(create(index));
    await delay(1000 / creationsPerSecond);
  }
  await Promise.all(pending);

  const pid = await container.pid();
  const memory = (name: [string, string]): number => Number(cgroupValue(pid, "memory", name)) / 1024 / 1024;
  const stat = cgroupValue(pid, "memory", ["memory.stat", "memory.stat"]);
  const statMib = (names: string): number =>
    Number(new RegExp(`^(?:${names}) (\\d+)$`, "m").exec(stat)?.[1]) / 1024 / 1024;
  const workingSetMib =
    memory(["memory.usage_in_bytes", "memory.current"]) - statMib("total_inactive_file|inactive_file");
  const throttled = /nr_throttled (\d+)/.exec(cgroupValue(pid, "cpu", ["cpu.stat", "cpu.stat"]))?.[1];
  const sorted = answersMs.toSorted((a, b) => a - b);
  const at = (part: number): string => `${(sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(1)} ms`;
  console.log(
    `under ${limits.milliCpu}m CPU and ${limits.memoryMib}Mi: registered after ${Math.round(startMs)} ms; ${sorted.length} creations at ` +
      `${creationsPerSecond}/s: p50 ${at(0.5)}, p99 ${at(0.99)}, slowest ${at(1)}; throttled in ${throttled} periods; ` +
      `working set ${workingSetMib.toFixed(1)} MiB (private ${statMib("total_rss|anon").toFixed(1)}), at most ${memory(["memory.max_usage_in_bytes", "memory.peak"]).toFixed(1)} with file cache`,
  );
  expect(failures).toEqual([]);
  expect(answersMs).toHaveLength(creationsPerSecond * seconds);
  expect(sorted.at(-1)).toBeLessThan(runtimeTimeoutMs);
});
