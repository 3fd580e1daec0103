import type { Answering, Daemon } from "./daemon.ts";
import { forgetContainer, type GonePod } from "./forget-container.ts";

/** Logs the stop of any container of the node, and removes its record. */
export function stopContainer(daemon: Daemon, pod: GonePod, container: { readonly id: string }, call: Answering): void {
  forgetContainer(daemon, "container-stopping", pod, container.id, call);
}
