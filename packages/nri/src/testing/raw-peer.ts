/** A socket that a plugin connects to and that sends whatever a test wants, valid or not. */
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Frame {
  readonly connection: number;
  readonly payload: Buffer;
}

export class RawPeer {
  readonly socketPath: string;
  readonly #directory: string;
  readonly #server: net.Server;
  readonly #accepted = Promise.withResolvers<net.Socket>();
  #received: Buffer = Buffer.alloc(0);
  #onBytes: () => void = () => undefined;

  private constructor(directory: string) {
    this.#directory = directory;
    this.socketPath = join(directory, "nri.sock");
    this.#server = net.createServer((socket) => this.#accept(socket));
  }

  static async start(): Promise<RawPeer> {
    const peer = new RawPeer(await mkdtemp(join(tmpdir(), "raw-peer-")));
    await new Promise<void>((resolve) => peer.#server.listen(peer.socketPath, resolve));
    return peer;
  }

  /** The connection of the first plugin. */
  socket(): Promise<net.Socket> {
    return this.#accepted.promise;
  }

  async send(...chunks: Buffer[]): Promise<void> {
    const socket = await this.socket();
    for (const chunk of chunks) await new Promise<void>((resolve) => socket.write(chunk, () => resolve()));
  }

  /** Everything the plugin has sent, as soon as there are so many whole mux frames. */
  async frames(count: number): Promise<Frame[]> {
    for (;;) {
      const frames = this.#frames();
      if (frames.length >= count) return frames;
      await new Promise<void>((resolve) => (this.#onBytes = resolve));
    }
  }

  async closed(): Promise<void> {
    const socket = await this.socket();
    if (!socket.destroyed) await new Promise((resolve) => socket.once("close", resolve));
  }

  async close(): Promise<void> {
    this.#accepted.resolve(new net.Socket());
    (await this.socket()).destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }

  #accept(socket: net.Socket): void {
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#onBytes();
    });
    this.#accepted.resolve(socket);
  }

  #frames(): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at + 8 <= this.#received.length) {
      const end = at + 8 + this.#received.readUInt32BE(at + 4);
      if (end > this.#received.length) break;
      frames.push({ connection: this.#received.readUInt32BE(at), payload: this.#received.subarray(at + 8, end) });
      at = end;
    }
    return frames;
  }
}
