import type { PluginHandlers } from "@kubefence/nri";
import { configure } from "./configure.ts";
import { createContainer } from "./create-container.ts";
import type { Daemon } from "./daemon.ts";
import { RestingMemory } from "../memory.ts";
import { removeContainer } from "./remove-container.ts";
import { stopContainer } from "./stop-container.ts";
import { synchronize } from "./synchronize.ts";
import { validateContainerAdjustment } from "./validate-container-adjustment.ts";

/** Every event that the daemon subscribes to. What is not here does not wake it: a late answer would hold up the node. */
export function pluginHandlers(daemon: Daemon): PluginHandlers {
  const { metrics } = daemon;
  const memory = new RestingMemory();
  const timed = <Result>(handler: string, handle: () => Result): Result => {
    const startedMs = performance.now();
    try {
      return handle();
    } finally {
      metrics.answered(handler, (performance.now() - startedMs) / 1000);
      memory.called();
    }
  };
  return {
    configure: (request, call) => timed("Configure", () => configure(daemon, request, call)),
    synchronize: (pods, containers, call) => timed("Synchronize", () => synchronize(daemon, pods, containers, call)),
    createContainer: (pod, container, call) =>
      timed("CreateContainer", () => createContainer(daemon, pod, container, call)),
    validateContainerAdjustment: (request, call) =>
      timed("ValidateContainerAdjustment", () => validateContainerAdjustment(daemon, request, call)),
    stopContainer: (pod, container, call) => timed("StopContainer", () => stopContainer(daemon, pod, container, call)),
    removeContainer: (pod, container, call) =>
      timed("RemoveContainer", () => removeContainer(daemon, pod, container, call)),
  };
}
