import type { Answering, Daemon } from "./daemon.ts";
import { forgetContainer, type GonePod } from "./forget-container.ts";

/** Logs the removal of any container of the node, and removes its record if the stop has not. */
export function removeContainer(
  daemon: Daemon,
  pod: GonePod,
  container: { readonly id: string },
  call: Answering,
): void {
  forgetContainer(daemon, "container-removed", pod, container.id, call);
}
