/** A plugin and its connections: made, lost, made again, closed. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { NriError } from "./errors.ts";
import { NriPlugin } from "./plugin.ts";
import * as nri from "./schema/generated/nri/service.ts";
import { writeRequest } from "./schema/generated/ttrpc/envelope.ts";
import { encode } from "./schema/write.ts";
import { captured } from "./testing/captured-frames.ts";
import { closeAll, closeLater, connect, container, pod, startPlugin } from "./testing/pair.ts";
import { RawPeer } from "./testing/raw-peer.ts";
import { FakeRuntime } from "./testing/fake-runtime.ts";
import { encodeMessage, MessageType } from "./ttrpc/codec.ts";

afterEach(closeAll);

const nothing = (): void => undefined;

function hang(): Promise<undefined> {
  return new Promise(() => undefined);
}

function failing(message: string): () => never {
  return () => {
    throw new NriError("REFUSED", message);
  };
}

async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(condition()).toBe(true), { timeout: 20_000, interval: 2 });
}

describe("connections", () => {
  test("no socket yet: it keeps trying and says why", async () => {
    const runtime = await FakeRuntime.start();
    await runtime.stop();
    const { disconnects, log } = startPlugin(runtime.socketPath, { createContainer: nothing });
    await until(() => disconnects.length > 2);
    expect(disconnects[0]).toMatchObject({ code: "CONNECT_FAILED", message: expect.stringContaining("ENOENT") });
    await runtime.listen();
    closeLater(runtime);
    await runtime.nextPlugin();
    expect(log.slice(-3)).toEqual(["registered", "configured", "synchronized"]);
  });

  test("with busyPollMs it does not sleep after an answer, until the connection is gone", async () => {
    const { peer } = await connect({ createContainer: nothing }, { plugin: { busyPollMs: 60_000, reconnect: false } });
    const asked = vi.spyOn(globalThis, "setImmediate");
    try {
      await peer.createContainer(pod, container);
      await until(() => asked.mock.calls.length > 1000);
      peer.disconnect();
      await vi.waitFor(async () => {
        const before = asked.mock.calls.length;
        await delay(30);
        expect(asked.mock.calls.length).toBeLessThan(before + 100);
      });
    } finally {
      asked.mockRestore();
    }
  });

  test("an evicted plugin comes back and is synchronized anew", async () => {
    const seen: number[] = [];
    const handlers = {
      createContainer: nothing,
      synchronize: (pods: readonly unknown[]) => void seen.push(pods.length),
    };
    const { runtime, peer } = await connect(handlers, { runtime: { pods: [pod] } });
    peer.disconnect();
    const again = await runtime.nextPlugin();
    expect(seen).toEqual([1, 1]);
    expect((await again.createContainer(pod, container)).toJSON()).toEqual({});
  });

  test("a runtime that restarts with another version is asked for what that one knows", async () => {
    const socketPath = `/tmp/nri-restart-${process.pid}.sock`;
    const older = await FakeRuntime.start({ socketPath, version: "v2.1.0", nriVersion: "" });
    const { plugin } = startPlugin(socketPath, { createContainer: nothing, validateContainerAdjustment: nothing });
    expect((await older.nextPlugin()).configuration?.events).toBe(0x8);
    expect(plugin.runtime?.nriVersion).toEqual([0, 8, 0]);
    await older.close();
    const newer = closeLater(await FakeRuntime.start({ socketPath }));
    expect((await newer.nextPlugin()).configuration?.events).toBe(0x2008);
    expect(plugin.runtime?.nriVersion).toEqual([0, 12, 0]);
  });

  test("half a synchronization is forgotten when the connection closes", async () => {
    const seen: number[] = [];
    const handlers = {
      createContainer: nothing,
      synchronize: (pods: readonly unknown[]) => void seen.push(pods.length),
    };
    const { runtime, peer } = await connect(handlers, { runtime: { handshake: false } });
    await peer.configure();
    const chunk = { pods: [pod, pod, pod], more: true };
    await peer.call("Synchronize", nri.writeSynchronizeRequest, chunk, nri.SynchronizeResponse);
    peer.disconnect();
    const again = await runtime.nextPlugin();
    await again.configure();
    await again.synchronize([pod], []);
    expect(seen).toEqual([1]);
  });

  test("a registration that the runtime rejects is told, and tried again", async () => {
    const peer = closeLater(await RawPeer.start());
    const { disconnects, log } = startPlugin(peer.socketPath, { createContainer: nothing });
    await peer.frames(1);
    // The captured rejection is an answer on stream 3; ours is on stream 1.
    const [rejection] = captured(24);
    rejection?.writeUInt32BE(1, 12);
    await peer.send(rejection ?? Buffer.alloc(0));
    await until(() => disconnects.length > 0);
    expect(disconnects[0]).toMatchObject({
      code: "REGISTRATION_REJECTED",
      message: expect.stringContaining("2 digits"),
    });
    await until(() => log.filter((event) => event === "connecting").length > 1);
  });

  test("a runtime that accepts and never registers is left after the limit", async () => {
    const peer = closeLater(await RawPeer.start());
    const { disconnects } = startPlugin(peer.socketPath, { createContainer: nothing }, { registrationTimeoutMs: 30 });
    await until(() => disconnects.length > 0);
    expect(disconnects[0]).toMatchObject({ code: "REGISTRATION_TIMEOUT" });
  });

  test("without reconnection the plugin ends with its connection", async () => {
    const { plugin, peer, log } = await connect({ createContainer: nothing }, { plugin: { reconnect: false } });
    peer.disconnect();
    await plugin.close();
    expect(log.at(-1)).toBe("disconnected");
    expect(log.filter((event) => event === "connecting")).toHaveLength(1);
  });

  test("a handler that fails at Configure fails the handshake", async () => {
    const configure = failing("cannot parse the configuration");
    const { peer } = await connect({ configure, createContainer: nothing }, { runtime: { handshake: false } });
    await expect(peer.configure("{")).rejects.toThrow("cannot parse the configuration");
  });
});

describe("updateContainers", () => {
  test("the updates arrive, and the failed ones come back", async () => {
    const updates: unknown[] = [];
    const { plugin } = await connect(
      { createContainer: nothing },
      {
        runtime: {
          onUpdateContainers(update) {
            updates.push(...update.map((each) => each.containerId));
            return update.filter((each) => each.containerId === "gone");
          },
        },
      },
    );
    const failed = await plugin.updateContainers([{ containerId: "here" }, { containerId: "gone" }]);
    expect(updates).toEqual(["here", "gone"]);
    expect(failed.map((each) => each.containerId)).toEqual(["gone"]);
  });

  test("an error of the runtime has its status", async () => {
    const onUpdateContainers = failing("not now");
    const { plugin } = await connect({ createContainer: nothing }, { runtime: { onUpdateContainers } });
    await expect(plugin.updateContainers([])).rejects.toMatchObject({ code: "CALL_FAILED", status: 7 });
  });

  test("is refused before the plugin is synchronized", async () => {
    const { plugin } = await connect({ createContainer: nothing }, { runtime: { handshake: false } });
    await expect(plugin.updateContainers([])).rejects.toMatchObject({ code: "NOT_CONNECTED" });
  });

  test("ends with the connection, and with its time-out", async () => {
    const peer = closeLater(await RawPeer.start());
    const { plugin, log } = startPlugin(peer.socketPath, { createContainer: nothing });
    await peer.frames(1);
    await peer.send(...captured(2, 3, 5));
    await until(() => log.includes("synchronized"));
    await expect(plugin.updateContainers([], { timeoutMs: 10 })).rejects.toMatchObject({ code: "CALL_TIMEOUT" });
    const waiting = plugin.updateContainers([]);
    (await peer.socket()).destroy();
    await expect(waiting).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  });
});

describe("close", () => {
  test("finishes what is in flight, refuses what comes meanwhile, runs what was promised, closes", async () => {
    const running = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const ran: string[] = [];
    const { plugin, peer, log } = await connect({
      async createContainer(_pod, _container, call) {
        call.afterReply(() => ran.push("after"));
        running.resolve();
        await finish.promise;
        return { adjust: { args: ["", "done"] } };
      },
    });
    const first = peer.createContainer(pod, container);
    await running.promise;
    const closed = plugin.close();
    await expect(peer.createContainer(pod, container)).rejects.toMatchObject({ status: 14 });
    finish.resolve();
    expect((await first).adjust?.args).toEqual(["", "done"]);
    await closed;
    expect(ran).toEqual(["after"]);
    expect(log.at(-1)).toBe("disconnected");
    await peer.closed;
  });

  test("after the grace what is still in flight is refused", async () => {
    const running = Promise.withResolvers<void>();
    const { plugin, peer } = await connect({
      createContainer() {
        running.resolve();
        return new Promise<undefined>(() => undefined);
      },
    });
    const hung = peer.createContainer(pod, container);
    await running.promise;
    await Promise.all([plugin.close({ graceMs: 10 }), expect(hung).rejects.toMatchObject({ status: 14 })]);
  });

  test("an idle plugin, one that waits for a socket, and one that never started", async () => {
    const { plugin } = await connect({ createContainer: nothing });
    await plugin.close();
    await plugin.close();
    const waiting = startPlugin("/nonexistent/nri.sock", { createContainer: nothing });
    await until(() => waiting.disconnects.length > 0);
    await waiting.plugin.close();
    const options = { name: "x", index: "10", handlers: { createContainer: nothing } };
    await expect(new NriPlugin(options, {}).close()).resolves.toBeUndefined();
  });
});

/** Closes a plugin whose runtime does `onEnd` when it sees the end of the connection. */
async function closeAgainst(onEnd: (socket: net.Socket) => void): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "nri-end-"));
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.resume().on("end", () => onEnd(socket));
  });
  await new Promise<void>((resolve) => void server.listen(join(directory, "nri.sock"), resolve));
  const accepted = once(server, "connection");
  const { plugin } = startPlugin(join(directory, "nri.sock"), { createContainer: nothing });
  await accepted;
  await plugin.close();
  server.close();
  await rm(directory, { recursive: true });
}

describe("the end of a connection", () => {
  test("has come when close() resolves: the runtime has closed its end too", async () => {
    let hasClosed = false;
    const closing = (socket: net.Socket): void => {
      setTimeout(() => {
        hasClosed = true;
        socket.end();
      }, 50);
    };
    await closeAgainst(closing);
    expect(hasClosed).toBe(true);
  });

  test("is not waited for for ever", async () => {
    let left: net.Socket | undefined;
    await closeAgainst((socket) => void (left = socket));
    left?.destroy();
    expect(left).toBeDefined();
  });
});

describe("a runtime that overwhelms", () => {
  test("more requests at once than the limit are refused, not remembered", async () => {
    const peer = closeLater(await RawPeer.start());
    const { plugin } = startPlugin(peer.socketPath, { createContainer: hang });
    await peer.frames(1);
    const payload = encode(nri.writeCreateContainerRequest, { pod, container });
    const requests = Array.from({ length: 1030 }, (_, index) => {
      const request = { service: nri.PLUGIN_SERVICE, method: "CreateContainer", payload, timeoutNano: 60_000_000_000n };
      return encodeMessage(1, MessageType.REQUEST, index * 2 + 1, encode(writeRequest, request));
    });
    await peer.send(Buffer.concat(requests));
    const refused = (await peer.frames(7)).slice(1, 7);
    expect(refused.every((frame) => frame.payload.includes("1024 requests wait"))).toBe(true);
    await plugin.close({ graceMs: 0 });
  });

  test("one that does not read its answers is left before they fill the memory", async () => {
    const large = "x".repeat(3 * 1024 * 1024);
    const { peer, disconnects } = await connect({ createContainer: () => ({ adjust: { annotations: { large } } }) });
    peer.pause();
    const answers = Array.from({ length: 14 }, () => peer.createContainer(pod, container).catch(() => undefined));
    await until(() => disconnects.length > 0);
    expect(disconnects[0]).toMatchObject({ code: "CONNECTION_STALLED" });
    peer.disconnect();
    await Promise.all(answers);
  });
});
