import { test as base, type TestAPI } from "vitest";
import { nodeName } from "./setup.ts";
import type { NodeDirectories } from "./stack/directories.ts";
import type { Pod } from "./stack/kubelet/pod.ts";
import type { PodSpec } from "./stack/kubelet/pod-spec.ts";
import { TestNode } from "./stack/node.ts";
import { PluginProcess, type PluginSettings } from "./stack/plugin/process.ts";
import { RuntimeInstallation } from "./stack/runtime/installation.ts";

/** What a case without the plugin gets. */
export interface NodeFixtures {
  node: TestNode;
  /** Runs a pod that is removed when the test ends. */
  runPod: (spec: Omit<PodSpec, "name"> & { name?: string }) => Promise<Pod>;
}

/** What a case with the plugin gets. */
export interface PluginFixtures extends NodeFixtures {
  plugin: PluginProcess;
  /** Runs a pod of the RuntimeClass nono-runc, while the plugin runs. */
  runSandboxedPod: NodeFixtures["runPod"];
}

/** What a case with the plugin and nono-runc gets. */
export interface RuntimeFixtures extends PluginFixtures {
  runtime: RuntimeInstallation;
}

let pods = 0;

/** A test on the bare node. */
export const test: TestAPI<NodeFixtures> = base.extend<NodeFixtures>({
  node: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads the names of the fixtures needed from the parameter
    async ({}, use) => {
      const node = await TestNode.connect(nodeName);
      await use(node);
      node.disconnect();
    },
    { scope: "file" },
  ],
  runPod: async ({ node }, use) => {
    const running: Pod[] = [];
    await use(async (spec) => {
      const pod = await node.runPod({ name: `pod-${process.pid}-${++pods}`, ...spec });
      running.push(pod);
      return pod;
    });
    for (const pod of running) {
      await pod.remove();
    }
  },
});

/** A test with the plugin running under these settings, started once for the file; `prepare` changes what was installed. */
export function testWithPlugin(
  settings: PluginSettings = {},
  prepare: (directories: NodeDirectories) => void | Promise<void> = () => undefined,
): TestAPI<PluginFixtures> {
  return test.extend<Omit<PluginFixtures, keyof NodeFixtures>>({
    plugin: [
      async ({ node }, use) => {
        PluginProcess.install(node.directories, settings);
        await prepare(node.directories);
        const plugin = await PluginProcess.startInstalled(node.directories);
        await use(plugin);
        await plugin.stop();
      },
      { scope: "file" },
    ],
    runSandboxedPod: sandboxedPods,
  });
}

/** A test with the plugin under these settings, and with nono-runc as the handler's runtime. */
export function testWithRuntime(settings: PluginSettings = {}): TestAPI<RuntimeFixtures> {
  return test.extend<Omit<RuntimeFixtures, keyof NodeFixtures>>({
    runtime: [
      async ({ node }, use) => {
        PluginProcess.install(node.directories, settings);
        const runtime = new RuntimeInstallation(node.directories);
        await runtime.install();
        await node.restartContainerd({ handlerBinary: runtime.program });
        await use(runtime);
        await node.restartContainerd();
      },
      { scope: "file" },
    ],
    // After containerd's restart, so that it does not have to connect again.
    plugin: [
      async ({ runtime }, use) => {
        const plugin = await PluginProcess.startInstalled(runtime.directories);
        await use(plugin);
        await plugin.stop();
      },
      { scope: "file" },
    ],
    runSandboxedPod: sandboxedPods,
  });
}

async function sandboxedPods(
  { plugin, runPod }: Pick<PluginFixtures, "plugin" | "runPod">,
  use: (runSandboxedPod: PluginFixtures["runSandboxedPod"]) => Promise<void>,
): Promise<void> {
  await use((spec) => {
    if (plugin.pid === undefined) {
      throw new Error("the plugin has ended; see plugin.stderr in the node's logs");
    }
    return runPod({ runtimeHandler: "nono-runc", ...spec });
  });
}
