import { runsUnderLauncher } from "../adjust/recognize.ts";
import { matchRuntimeClass } from "../policy/decide.ts";
import type { MountInput } from "../policy/inputs.ts";
import type { Answering, Daemon } from "./daemon.ts";

interface SynchronizedPod {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly runtimeHandler: string;
}

interface SynchronizedContainer {
  readonly id: string;
  readonly podSandboxId: string;
  readonly args: readonly string[];
  readonly mounts: readonly MountInput[];
}

/** Finds containers of our classes that started without us, and removes the records of those that are gone. */
export function synchronize(
  daemon: Daemon,
  pods: readonly SynchronizedPod[],
  containers: readonly SynchronizedContainer[],
  call: Answering,
): void {
  const { configuration, otherLauncher } = daemon.node;
  const ours = new Map<string, SynchronizedPod>();
  for (const pod of pods) if (matchRuntimeClass(pod, configuration) === undefined) ours.set(pod.id, pod);

  const alive = new Set<string>();
  const unsandboxed: { container_id: string; namespace: string; pod: string }[] = [];
  for (const container of containers) {
    alive.add(container.id);
    const pod = ours.get(container.podSandboxId);
    if (pod === undefined || runsUnderLauncher(container, daemon.launcherDirectory, otherLauncher)) continue;
    unsandboxed.push({ container_id: container.id, namespace: pod.namespace, pod: pod.name });
  }

  const counts = { pods: pods.length, containers: containers.length, unsandboxed: unsandboxed.length };
  call.afterReply(() => {
    daemon.metrics.foundUnsandboxed(unsandboxed.length);
    for (const container of unsandboxed) daemon.log.warn("unsandboxed", container);
    daemon.log.info("synchronized", counts);
    daemon.state.sweep(alive);
  });
}
