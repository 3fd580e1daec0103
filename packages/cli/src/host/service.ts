/** Restarting a container runtime, and seeing that it is back. */
import { setTimeout as delay } from "node:timers/promises";
import { nodeError } from "../node/errors.ts";
import { loadedHandlers } from "./cri.ts";
import type { Host } from "./host.ts";
import type { NodeOptions } from "./options.ts";
import { findProcesses, isAlive, type RuntimeProcess } from "./processes.ts";
import type { FoundRuntime } from "./runtime.ts";
import { messageOf } from "../thrown.ts";

/**
 * Says how the runtime will be restarted, before anything is changed.
 * @throws {NodeError} KF_NODE_NO_RESTART where that cannot be done
 */
export function chooseRestart(
  found: FoundRuntime,
  { restart: how, backTimeoutMs }: Pick<NodeOptions, "restart" | "backTimeoutMs">,
): (host: Host) => Promise<void> {
  const { process: running, kind } = found;
  if (running === undefined) return () => Promise.resolve();
  if (how === "term") return () => restartBySignal(found, running, backTimeoutMs);
  const { unit } = running;
  if (how === "systemd" && unit !== undefined) return (host) => restartUnit(host, unit, backTimeoutMs);
  const what = how === "none" ? "--restart none was given" : `pid ${running.pid} belongs to no systemd unit`;
  const action =
    how === "none"
      ? `restart ${kind} by hand, and run the command again`
      : "use --restart term if something starts it again when it ends, or restart it by hand and run the command again";
  throw nodeError("KF_NODE_NO_RESTART", kind, what, { action });
}

async function restartUnit(host: Host, unit: string, timeoutMs: number): Promise<void> {
  // systemd counts an ordered start too, and a unit that came up badly has used them all by itself: without this it
  // refuses the start that brings the old files back (systemd.unit(5), StartLimitIntervalSec=). The restart tells more
  // than this one's failure would.
  await host.run("systemctl", ["reset-failed", unit], timeoutMs);
  const { code, stderr } = await host.run("systemctl", ["restart", unit], timeoutMs);
  // Its second line names commands that the message's reader knows.
  const [what] = stderr.trim().split("\n");
  if (code !== 0) throw nodeError("KF_NODE_RESTART", unit, what?.replace(/\.$/, "") || "systemctl restart failed");
}

// containerd ends on TERM and leaves its containers; HUP would kill it.
async function restartBySignal({ kind }: FoundRuntime, known: RuntimeProcess, timeoutMs: number): Promise<void> {
  const running = (await findProcesses(kind)).filter(
    (one) => one.program === known.program && one.config === known.config,
  );
  const [current] = running;
  // It has ended by itself, perhaps over the files that are gone now: whoever starts it again does so without us.
  if (current === undefined) return;
  if (running.length > 1) {
    throw nodeError(
      "KF_NODE_RESTART",
      known.program,
      `${running.length} processes run with ${known.config ?? "no --config"}`,
    );
  }
  process.kill(current.pid, "SIGTERM");
  await until(async () => !(await isAlive(current.pid)), `pid ${current.pid} did not end on SIGTERM`, kind, timeoutMs);
}

/** A restart that is known to be possible; resolves when the runtime is back. Rejects with KF_NODE_RESTART. */
export type Restart = () => Promise<void>;

/** Waits until the runtime serves the CRI, and `isRight` is content with its handlers. @throws {NodeError} KF_NODE_RESTART */
export async function untilBack(
  host: Host,
  socket: string,
  isRight: (handlers: readonly string[]) => boolean,
  timeoutMs: number,
): Promise<void> {
  let last = "it does not answer";
  const asks = async (): Promise<boolean> => {
    try {
      const handlers = (await loadedHandlers(host.target(socket))).map(({ name }) => name);
      last = `its handlers are ${handlers.map((name) => name || '""').join(", ")}`;
      return isRight(handlers);
    } catch (error) {
      last = messageOf(error);
      return false;
    }
  };
  await until(asks, () => last, socket, timeoutMs);
}

async function until(
  isSo: () => Promise<boolean>,
  what: string | (() => string),
  where: string,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) {
      const said = typeof what === "string" ? what : what();
      throw nodeError("KF_NODE_RESTART", where, `after ${timeoutMs / 1000} s: ${said}`);
    }
    await delay(200);
  }
}
