/** A runtime's side of NRI over a real unix socket: registers, configures and synchronizes plugins, and sends events. */
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConnectedPlugin, type FakeRuntimeSettings } from "./connected-plugin.ts";

export interface FakeRuntimeOptions extends Partial<FakeRuntimeSettings> {
  /** Default: a socket in a new directory, which close() removes. */
  readonly socketPath?: string;
  /** False: only registers; the test configures and synchronizes. */
  readonly handshake?: boolean;
}

const DEFAULTS: FakeRuntimeSettings = {
  name: "containerd",
  version: "v2.3.7",
  nriVersion: "v0.12.0",
  requestTimeoutMs: 2000,
  pods: [],
  containers: [],
  chunkObjects: 100,
  onUpdateContainers: () => [],
};

export class FakeRuntime {
  readonly socketPath: string;
  readonly #directory: string | undefined;
  readonly #settings: FakeRuntimeSettings;
  readonly #handshake: boolean;
  readonly #connections = new Set<ConnectedPlugin>();
  readonly #ready: Promise<ConnectedPlugin>[] = [];
  readonly #waiting: ((plugin: Promise<ConnectedPlugin>) => void)[] = [];
  #server: net.Server | undefined;

  private constructor(options: FakeRuntimeOptions, directory: string | undefined) {
    this.#settings = { ...DEFAULTS, ...options };
    this.#handshake = options.handshake ?? true;
    this.#directory = directory;
    this.socketPath = options.socketPath ?? join(directory ?? "", "nri.sock");
  }

  static async start(options: FakeRuntimeOptions = {}): Promise<FakeRuntime> {
    const directory = options.socketPath === undefined ? await mkdtemp(join(tmpdir(), "fake-runtime-")) : undefined;
    const runtime = new FakeRuntime(options, directory);
    await runtime.listen();
    return runtime;
  }

  /** The next plugin that has registered and, unless told otherwise, was configured and synchronized. */
  nextPlugin(): Promise<ConnectedPlugin> {
    const ready = this.#ready.shift();
    return ready ?? new Promise((resolve) => void this.#waiting.push(resolve));
  }

  /** Stops serving and drops all plugins, as a runtime that goes down; the socket file is gone. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const plugin of this.#connections) plugin.disconnect();
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  }

  /** Serves, the first time or again after stop(). */
  async listen(): Promise<void> {
    const server = net.createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.socketPath, resolve);
    });
  }

  async close(): Promise<void> {
    await this.stop();
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(socket: net.Socket): void {
    const plugin = new ConnectedPlugin(socket, this.#settings, (registered) => this.#registered(registered));
    this.#connections.add(plugin);
    void plugin.closed.then(() => this.#connections.delete(plugin));
  }

  #registered(plugin: ConnectedPlugin): void {
    const ready = this.#handshake ? plugin.handshake().then(() => plugin) : Promise.resolve(plugin);
    // Whoever takes it sees the failure; a test that does not wait for a plugin must not fail because of it.
    ready.catch(() => undefined);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#ready.push(ready);
    else waiting(ready);
  }
}
