/** Whether the container runtime that runs has our handler as it should be. Reads only. */
import { lstat, stat } from "node:fs/promises";
import { handlerName } from "../node/settings.ts";
import { type LoadedHandler, loadedHandlers } from "./cri.ts";
import type { Host } from "./host.ts";
import type { RuntimeSetup } from "./setup.ts";

/**
 * `unasked`: containerd asks a handler's OCI runtime once, at its own start, what that can do. If nono-runc was not there then, the
 * kubelet refuses pods that need it, such as those with hostUsers: false. `silent`: the runtime does not answer.
 */
export type LoadedState = "right" | "missing" | "unasked" | "silent";

/** What the runtime that runs has loaded of our handler; `program` is nono-runc. */
export async function judgeLoaded(host: Host, setup: RuntimeSetup, program: string): Promise<LoadedState> {
  const handlers = await loadedHandlers(host.target(setup.socket)).catch(() => undefined);
  if (handlers === undefined) return "silent";
  const find = (name: string): LoadedHandler | undefined => handlers.find((handler) => handler.name === name);
  const [own, base] = [find(handlerName), find(setup.baseHandler)];
  if (own === undefined) return "missing";
  const lacks =
    base !== undefined &&
    ((base.userNamespaces && !own.userNamespaces) || (base.recursiveReadOnlyMounts && !own.recursiveReadOnlyMounts));
  return lacks && (await isYounger(host, setup, program)) ? "unasked" : "right";
}

/** True where nono-runc came after the runtime's start, or is still to come: else another start would answer the same. */
async function isYounger(host: Host, { found }: RuntimeSetup, program: string): Promise<boolean> {
  if (found.process === undefined) return false;
  const started = await stat(`/proc/${found.process.pid}`).catch(() => undefined);
  if (started === undefined) return false;
  for (const path of [program, `${program}.json`]) {
    const file = await lstat(host.path(path)).catch(() => undefined);
    if (file === undefined || file.ctimeMs > started.ctimeMs) return true;
  }
  return false;
}
