import { createServer, type Server, type Socket } from "node:net";
import { mkdir, rename, rm } from "../promised-fs.ts";
import { MAX_LINE_BYTES, RETIRE, RETIRED, SOCKET_SUFFIX } from "./protocol.ts";

export interface AnnouncementListener {
  /** A newer instance takes over: resolves when the runtime asks this one no more. */
  retire(): Promise<void>;
  /** Every instance that took over is gone. */
  resume(): void;
}

/** Tells newer instances on this node that this one answers the runtime, by a socket that it listens on. */
export class Announcement {
  readonly path: string;
  readonly #directory: string;
  readonly #listener: AnnouncementListener;
  readonly #connections = new Set<Socket>();
  readonly #successors = new Set<Socket>();
  #server: Server | undefined;
  #retiring: Promise<void> | undefined;

  /** `directory` is the same for all instances of a node, and only root's. */
  constructor(directory: string, listener: AnnouncementListener) {
    this.#directory = directory;
    this.#listener = listener;
    // Each pod has pids of its own, so a pid would not tell instances apart. No secret: OpenSSL would cost a megabyte.
    this.path = `${directory}/${Math.random().toString(36).slice(2)}${SOCKET_SUFFIX}`;
  }

  /** Listens from now on; once is enough. Rejects with the error of the file system. */
  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    try {
      // Under its name only once it answers: whoever finds a socket that does not, removes it.
      const unfinished = `${this.path}.new`;
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(unfinished, resolve);
      });
      await rename(unfinished, this.path);
      server.unref();
    } catch (error) {
      this.#server = undefined;
      server.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#server?.close();
    for (const socket of this.#connections) socket.destroy();
    await rm(this.path, { force: true }).catch(() => undefined);
  }

  #accept(socket: Socket): void {
    this.#connections.add(socket);
    let line = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      line += text;
      if (line === RETIRE) void this.#retire(socket);
      else if (line.includes("\n") || line.length > MAX_LINE_BYTES) socket.destroy();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#connections.delete(socket);
      if (this.#successors.delete(socket)) this.#resumeIfAlone();
    });
  }

  async #retire(socket: Socket): Promise<void> {
    this.#successors.add(socket);
    this.#retiring ??= this.#listener.retire();
    await this.#retiring;
    if (socket.writable) socket.write(RETIRED);
    this.#resumeIfAlone();
  }

  /** Not before it has retired: what is asked for in between must not leave two connections. */
  #resumeIfAlone(): void {
    const retiring = this.#retiring;
    if (retiring === undefined) return;
    void retiring.then(() => {
      if (this.#retiring !== retiring || this.#successors.size > 0) return;
      this.#retiring = undefined;
      this.#listener.resume();
    });
  }
}
