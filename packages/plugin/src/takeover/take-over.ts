import { connect, type Socket } from "node:net";
import { readdir, rm } from "../promised-fs.ts";
import { MAX_LINE_BYTES, RETIRE, RETIRED, SOCKET_SUFFIX } from "./protocol.ts";

/** What became of the other instances. */
export interface TakenOver {
  /** Connections to them: they stay retired until these close. */
  readonly predecessors: readonly Socket[];
  /** How many of them did not say in time that they have retired. */
  readonly silent: number;
}

/**
 * Retires every other instance whose socket lies in `directory`, each within `timeoutMs`. Sockets of instances that ended
 * without removing theirs are removed.
 */
export async function takeOver(directory: string, ownPath: string, timeoutMs: number): Promise<TakenOver> {
  const names = await readdir(directory).catch(() => []);
  const paths = names.filter((name) => name.endsWith(SOCKET_SUFFIX)).map((name) => `${directory}/${name}`);
  const all = await Promise.all(paths.filter((path) => path !== ownPath).map((path) => retireOne(path, timeoutMs)));
  const reached = all.filter((one) => one !== undefined);
  return {
    predecessors: reached.map(({ socket }) => socket),
    silent: reached.filter(({ hasRetired }) => !hasRetired).length,
  };
}

/** Undefined for an instance that is no more. */
function retireOne(path: string, timeoutMs: number): Promise<{ socket: Socket; hasRetired: boolean } | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const timer = setTimeout(() => resolve({ socket, hasRetired: false }), timeoutMs);
    let answer = "";
    socket.on("connect", () => socket.unref().write(RETIRE));
    socket.setEncoding("latin1").on("data", (text: string) => {
      if (answer.length < MAX_LINE_BYTES) answer += text;
      if (answer !== RETIRED) return;
      clearTimeout(timer);
      resolve({ socket, hasRetired: true });
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") void rm(path, { force: true }).catch(() => undefined);
    });
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}
