import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";

/** Stands between plugin and runtime and holds back what the plugin answers. For faults only. */
export class SlowNriProxy {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** How late each answer arrives, in milliseconds. */
  delayMs = 0;

  constructor(path: string, runtimeSocket: string) {
    this.path = path;
    rmSync(path, { force: true });
    this.#server = createServer((plugin) => {
      const runtime = connect(runtimeSocket);
      this.#sockets.add(plugin).add(runtime);
      runtime.on("data", (chunk) => plugin.write(chunk));
      plugin.on("data", (chunk) => {
        // Equal delays keep the order; a change of the delay waits for what is under way.
        setTimeout(() => runtime.writable && runtime.write(chunk), this.delayMs);
      });
      for (const [socket, other] of [
        [plugin, runtime],
        [runtime, plugin],
      ] as const) {
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          other.destroy();
          this.#sockets.delete(socket);
        });
      }
    });
  }

  /** Listens. */
  start(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.path, resolve));
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
