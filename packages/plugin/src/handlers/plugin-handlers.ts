import type { PluginHandlers } from "@kubefence/nri";
import { RestingMemory } from "../memory.ts";
import { Rehearsals } from "../rehearsals.ts";
import { configure } from "./configure.ts";
import { createContainer } from "./create-container.ts";
import { type Daemon, Expectations } from "./daemon.ts";
import { removeContainer } from "./remove-container.ts";
import { stopContainer } from "./stop-container.ts";
import { synchronize } from "./synchronize.ts";
import { validateContainerAdjustment } from "./validate-container-adjustment.ts";

/** Every event that the daemon subscribes to. What is not here does not wake it: a late answer would hold up the node. */
export function pluginHandlers(daemon: Daemon): PluginHandlers {
  const { metrics } = daemon;
  const memory = new RestingMemory();
  const rehearsals = new Rehearsals(handlersForNobody(daemon));
  const timed = <Result>(handler: string, handle: () => Result): Result => {
    const startedMs = performance.now();
    try {
      return handle();
    } finally {
      const nowMs = performance.now();
      metrics.answered(handler, (nowMs - startedMs) / 1000);
      memory.called(nowMs);
      rehearsals.called(nowMs);
    }
  };
  return {
    configure: (request, call) => timed("Configure", () => configure(daemon, request, call)),
    synchronize: (pods, containers, call) => timed("Synchronize", () => synchronize(daemon, pods, containers, call)),
    createContainer: (pod, container, call) => {
      const result = timed("CreateContainer", () => createContainer(daemon, pod, container, call));
      rehearsals.answered(result === undefined ? "skipped" : "sandboxed", call);
      return result;
    },
    validateContainerAdjustment: (request, call) =>
      timed("ValidateContainerAdjustment", () => validateContainerAdjustment(daemon, request, call)),
    stopContainer: (pod, container, call) => timed("StopContainer", () => stopContainer(daemon, pod, container, call)),
    removeContainer: (pod, container, call) =>
      timed("RemoveContainer", () => removeContainer(daemon, pod, container, call)),
  };
}

/** They decide as the daemon does. Record, log and metrics follow an answer that leaves: here none does. */
function handlersForNobody(daemon: Daemon): PluginHandlers {
  const nobodys: Daemon = { ...daemon, expectations: new Expectations() };
  return {
    createContainer(pod, container, call) {
      nobodys.expectations.clear();
      return createContainer(nobodys, pod, container, call);
    },
  };
}
