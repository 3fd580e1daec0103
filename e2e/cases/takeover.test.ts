import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { createMeanwhile, reader, settle } from "../creations.ts";
import { type RuntimeFixtures, testWithRuntime } from "../fixtures.ts";
import { PluginProcess } from "../stack/plugin/process.ts";

// Two instances of the plugin on one node, as a rolling update with surge has them.

const test = testWithRuntime();

async function withInstance(
  { node }: Pick<RuntimeFixtures, "node">,
  settings: Record<string, string>,
  during: (instance: PluginProcess) => Promise<void>,
): Promise<void> {
  const instance = await PluginProcess.startInstance(node.directories, "-newer", settings);
  try {
    await during(instance);
  } finally {
    await instance.stop();
  }
}

describe("the newer one takes over", () => {
  test(
    "while containers are created, and none of them fails",
    { timeout: 120_000 },
    async ({ node, plugin, runSandboxedPod }) => {
      const pod = await runSandboxedPod({});
      const creations = createMeanwhile(pod);
      for (let round = 1; round <= 3; round++) {
        await withInstance({ node }, {}, async (newer) => {
          expect(newer.log.records().find(({ msg }) => msg === "took over")).toMatchObject({ instances: 1 });
          await plugin.log.find({ msg: "retired" });
          // As the kubelet ends the older pod once the newer one is ready.
          await plugin.stop();
          await newer.log.find({ msg: "injected" });
          // And the next update.
          await plugin.restart();
          await newer.log.find({ msg: "retired" });
        });
      }
      const { created, errors } = await creations.stop();
      expect(errors).toEqual([]);
      // How many is the machine's affair.
      expect(created).toBeGreaterThan(5);
    },
  );

  test("and when it is gone, the older one is back", async ({ node, plugin, runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    const instances = join(plugin.stateDirectory, ".instances");
    await withInstance({ node }, {}, async (newer) => {
      await plugin.log.find({ msg: "retired" });
      expect(readdirSync(instances)).toHaveLength(2);
      process.kill(newer.pid ?? 0, "SIGKILL");
      await plugin.log.find({ msg: "newer instance gone" });
    });
    await expect
      .poll(() => plugin.log.records().filter(({ msg }) => msg === "synchronized").length, { timeout: 20_000 })
      .toBe(2);
    expect((await pod.complete({ ...reader, name: "after" })).exitCode).toBe(1);
    // What the killed one left was removed by whoever synchronized next.
    await expect.poll(() => existsSync(instances) && readdirSync(instances).length, { timeout: 20_000 }).toBe(1);
  });
});

test("an older one that hangs holds nothing up for long, and retires when it wakes", async ({
  node,
  plugin,
  runSandboxedPod,
}) => {
  const pod = await runSandboxedPod({});
  const older = plugin.pid ?? 0;
  process.kill(older, "SIGSTOP");
  try {
    await withInstance({ node }, {}, async (newer) => {
      expect(newer.log.records().find(({ msg }) => msg === "older instance does not retire")).toBeDefined();
      const outcomes = new Set<string>();
      await expect
        .poll(
          async () => {
            const { exitCode, stdout } = await pod
              .complete({ ...reader, name: `hanging-${Date.now()}` })
              .catch(() => ({ exitCode: -1, stdout: "" }));
            outcomes.add(stdout);
            return exitCode;
          },
          { timeout: 20_000 },
        )
        .toBe(1);
      expect([...outcomes]).toEqual([""]);
      process.kill(older, "SIGCONT");
      await plugin.log.find({ msg: "retired" });
      const { created, errors } = await settle(createMeanwhile(pod), 10);
      expect(errors).toEqual([]);
      expect(created).toBeGreaterThan(9);
    });
  } finally {
    process.kill(older, "SIGCONT");
  }
  await plugin.log.find({ msg: "newer instance gone" });
});

// What NRI does by itself: this is why instances take over from each other.
test("two that do not know of each other keep every container from being created", async ({
  node,
  plugin,
  runSandboxedPod,
}) => {
  const pod = await runSandboxedPod({});
  expect(plugin.pid).toBeDefined();
  const elsewhere = join(node.directories.run, "other-state");
  await withInstance({ node }, { state_directory: elsewhere }, async () => {
    // The one that is asked second sees the other's mount; without that, NRI itself refuses two that set the command.
    const refused = pod.complete({ ...reader, name: "refused" });
    await expect(refused).rejects.toThrow(/kubefence refused the container: MOUNT_OVER_LAUNCHER: /);
  });
  await expect
    .poll(async () => (await pod.complete({ ...reader, name: `again-${Date.now()}` })).exitCode, { timeout: 20_000 })
    .toBe(1);
});
