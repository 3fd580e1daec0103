import type { Answering, Daemon } from "./daemon.ts";

/** The members are "" where the runtime no longer knows the pod. */
export interface GonePod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
}

/** What stop and remove have in common. Both may come, in either order, or only one. */
export function forgetContainer(
  daemon: Daemon,
  message: "container-stopping" | "container-removed",
  { uid, name, namespace }: GonePod,
  containerId: string,
  call: Answering,
): void {
  daemon.expectations.delete(containerId);
  call.afterReply(() => {
    daemon.log.info(message, { container_id: containerId, pod: name, namespace });
    daemon.state.remove(uid, containerId);
  });
}
