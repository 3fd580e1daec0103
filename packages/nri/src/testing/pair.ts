/** A plugin and a fake runtime that are connected, for this package's own tests. */
import type { NriError } from "../errors.ts";
import type { PluginHandlers } from "../handlers.ts";
import { NriPlugin, type PluginOptions } from "../plugin.ts";
import type { ContainerInit, PodSandboxInit } from "../schema/generated/nri/container.ts";
import type { ConnectedPlugin } from "./connected-plugin.ts";
import { FakeRuntime, type FakeRuntimeOptions } from "./fake-runtime.ts";

export interface StartedPlugin {
  plugin: NriPlugin;
  /** Names of the plugin's events so far. */
  log: string[];
  errors: NriError[];
  /** Why connections ended. */
  disconnects: (NriError | undefined)[];
}

export interface Pair extends StartedPlugin {
  runtime: FakeRuntime;
  peer: ConnectedPlugin;
}

export interface PairOptions {
  runtime?: FakeRuntimeOptions;
  plugin?: Partial<PluginOptions>;
}

const LIFE_CYCLE = ["connecting", "registered", "configured", "synchronized", "disconnected"] as const;

const open: { close(): Promise<void> }[] = [];

/** Closes whatever was opened here; for afterEach. */
export async function closeAll(): Promise<void> {
  for (const each of open.splice(0).toReversed()) await each.close();
}

export function closeLater<T extends { close(): Promise<void> }>(opened: T): T {
  open.push(opened);
  return opened;
}

export async function connect(handlers: PluginHandlers, options: PairOptions = {}): Promise<Pair> {
  const runtime = closeLater(await FakeRuntime.start(options.runtime));
  const started = startPlugin(runtime.socketPath, handlers, options.plugin);
  return { runtime, ...started, peer: await runtime.nextPlugin() };
}

export function startPlugin(
  socketPath: string,
  handlers: PluginHandlers,
  options: Partial<PluginOptions> = {},
): StartedPlugin {
  const reconnect = { minDelayMs: 5, maxDelayMs: 20 };
  const plugin = new NriPlugin({ name: "test", index: "10", socketPath, handlers, reconnect, ...options }, {});
  closeLater(plugin);
  const started: StartedPlugin = { plugin, log: [], errors: [], disconnects: [] };
  for (const event of LIFE_CYCLE) {
    plugin.on(event, () => started.log.push(event));
  }
  plugin.on("error", (error) => started.errors.push(error));
  plugin.on("disconnected", (error) => started.disconnects.push(error));
  plugin.start();
  return started;
}

/** What is requested in tests that care about the exchange and not about its content. */
export const pod: PodSandboxInit = { id: "p", name: "web", uid: "u", namespace: "default", runtimeHandler: "nono" };
export const container: ContainerInit = { id: "c", podSandboxId: "p", name: "app", args: ["sh", "-c", "true"] };
