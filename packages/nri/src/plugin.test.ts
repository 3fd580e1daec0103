import { afterEach, describe, expect, test, vi } from "vitest";
import type { NriError } from "./errors.ts";
import type { PluginHandlers } from "./handlers.ts";
import { NriPlugin, type PluginOptions } from "./plugin.ts";
import { Event } from "./schema/generated/nri/service.ts";
import { type ConnectedPlugin, FakeRuntime, type FakeRuntimeOptions } from "./testing/index.ts";

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const each of open.splice(0).toReversed()) await each.close();
});

interface Pair {
  runtime: FakeRuntime;
  plugin: NriPlugin;
  peer: ConnectedPlugin;
  /** Names of the plugin's events so far. */
  log: string[];
  errors: NriError[];
}

async function connect(
  handlers: PluginHandlers,
  options: { runtime?: FakeRuntimeOptions; plugin?: Partial<PluginOptions> } = {},
): Promise<Pair> {
  const runtime = await FakeRuntime.start(options.runtime);
  open.push(runtime);
  const { plugin, log, errors } = makePlugin(runtime.socketPath, handlers, options.plugin);
  plugin.start();
  return { runtime, plugin, log, errors, peer: await runtime.nextPlugin() };
}

function makePlugin(
  socketPath: string,
  handlers: PluginHandlers,
  options: Partial<PluginOptions> = {},
): Pick<Pair, "plugin" | "log" | "errors"> {
  const plugin = new NriPlugin({ name: "test", index: "10", socketPath, handlers, ...options }, {});
  open.push(plugin);
  const log: string[] = [];
  const errors: NriError[] = [];
  for (const event of ["connecting", "registered", "configured", "synchronized", "disconnected"] as const) {
    plugin.on(event, () => log.push(event));
  }
  plugin.on("error", (error) => errors.push(error));
  return { plugin, log, errors };
}

const pod = { id: "p", name: "web", uid: "u", namespace: "default", runtimeHandler: "nono" };
const container = { id: "c", podSandboxId: "p", name: "app", args: ["sh", "-c", "true"] };

describe("life cycle", () => {
  test("registers, is configured and synchronized, and answers", async () => {
    const { peer, log } = await connect({
      createContainer: (seenPod, seen) => ({ adjust: { args: ["", "wrap", seenPod.runtimeHandler, ...seen.args] } }),
    });
    expect(log).toEqual(["connecting", "registered", "configured", "synchronized"]);
    expect([peer.name, peer.index]).toEqual(["test", "10"]);
    const answer = await peer.createContainer(pod, container);
    expect(answer.adjust?.args).toEqual(["", "wrap", "nono", "sh", "-c", "true"]);
  });

  test("an event in either style reaches its handler", async () => {
    const started: string[] = [];
    const handlers = { startContainer: (_pod: unknown, seen: { id: string }) => void started.push(seen.id) };
    for (const nriVersion of ["v0.11.0", "v0.12.0"]) {
      const { peer } = await connect(handlers, { runtime: { nriVersion } });
      await peer.notify(Event.START_CONTAINER, pod, { id: nriVersion });
    }
    expect(started).toEqual(["v0.11.0", "v0.12.0"]);
  });
});
