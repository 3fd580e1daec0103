/** The sixteen rules of the protocol that decide whether a plugin works with real runtimes, one test each or more. */
import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { AdjustmentBuilder } from "./adjustment.ts";
import { NriError } from "./errors.ts";
import { eventsOf } from "./events.ts";
import type { Call, PluginHandlers } from "./handlers.ts";
import { Demultiplexer, MAX_MUX_PAYLOAD_BYTES, writeMuxHeader } from "./mux.ts";
import { NriPlugin } from "./plugin.ts";
import * as nri from "./schema/generated/nri/service.ts";
import { writeRequest } from "./schema/generated/ttrpc/envelope.ts";
import { decode } from "./schema/view.ts";
import { encode } from "./schema/write.ts";
import { captured } from "./testing/captured-frames.ts";
import { closeAll, closeLater, connect, container, pod, startPlugin } from "./testing/pair.ts";
import { RawPeer } from "./testing/raw-peer.ts";
import { encodeMessage, MAX_MESSAGE_BYTES, MessageReader, MessageType } from "./ttrpc/codec.ts";

afterEach(closeAll);

const nothing = (): void => undefined;

function muxFrame(connection: number, payload: Buffer): Buffer {
  const frame = Buffer.alloc(8 + payload.length);
  payload.copy(frame, writeMuxHeader(frame, 0, connection, payload.length));
  return frame;
}

test("rule 1: each connection is a stream of bytes, whatever the frames and chunks it comes in", () => {
  const messages = fc.array(
    fc.record({ connection: fc.constantFrom(1, 2), data: fc.uint8Array({ maxLength: 9000 }) }),
    {
      maxLength: 6,
    },
  );
  const sizes = fc.infiniteStream(fc.integer({ min: 1, max: 5000 }));
  fc.assert(
    fc.property(messages, sizes, sizes, (sent, frameSizes, chunkSizes) => {
      const bytes: Record<number, Buffer> = { 1: Buffer.alloc(0), 2: Buffer.alloc(0) };
      sent.forEach(({ connection, data }, index) => {
        const framed = encodeMessage(connection, MessageType.REQUEST, index * 2 + 1, data);
        // Only the message itself: this test does its own framing.
        const message = Buffer.concat([framed.subarray(8, 18), data]);
        bytes[connection] = Buffer.concat([bytes[connection] ?? Buffer.alloc(0), message]);
      });
      const frames: Buffer[] = [];
      const at: Record<number, number> = { 1: 0, 2: 0 };
      for (let turn = 0; ; turn += 1) {
        const connection = (turn % 2) + 1;
        const [all, start] = [bytes[connection] ?? Buffer.alloc(0), at[connection] ?? 0];
        const size = frameSizes.next().value ?? 1;
        if (start < all.length) frames.push(muxFrame(connection, all.subarray(start, start + size)));
        at[connection] = start + size;
        if ([1, 2].every((each) => (at[each] ?? 0) >= (bytes[each]?.length ?? 0))) break;
      }
      const received: { connection: number; data: Buffer }[] = [];
      const reader = (connection: number): MessageReader =>
        new MessageReader(MessageType.REQUEST, (_type, _stream, data) => received.push({ connection, data }));
      const demultiplexer = new Demultiplexer(
        new Map([
          [1, reader(1)],
          [2, reader(2)],
        ]),
      );
      const wire = Buffer.concat(frames);
      for (let start = 0; start < wire.length;) {
        const end = start + (chunkSizes.next().value ?? 1);
        demultiplexer.push(wire.subarray(start, end));
        start = end;
      }
      for (const connection of [1, 2]) {
        const wanted = sent.filter((each) => each.connection === connection).map((each) => Buffer.from(each.data));
        const found = received.filter((each) => each.connection === connection).map((each) => each.data);
        expect(found).toEqual(wanted);
      }
    }),
    { numRuns: 200 },
  );
}, 60_000);

describe("rule 2: the first frame of a message carries at most 4096 bytes, the rest is one frame", () => {
  test.each([
    [0, [10]],
    [4086, [4096]],
    [4087, [4096, 1]],
    [8192, [4096, 4106]],
    [MAX_MESSAGE_BYTES, [4096, MAX_MUX_PAYLOAD_BYTES - 4096]],
  ])("%i bytes of data", (length, frames) => {
    const bytes = encodeMessage(1, MessageType.RESPONSE, 3, Buffer.alloc(length));
    const found: number[] = [];
    for (let at = 0; at < bytes.length; at += 8 + bytes.readUInt32BE(at + 4)) found.push(bytes.readUInt32BE(at + 4));
    expect(found).toEqual(frames);
  });

  test("an answer of 10 KB goes out as two frames in one write", async () => {
    const peer = closeLater(await RawPeer.start());
    startPlugin(peer.socketPath, { createContainer: () => ({ adjust: { annotations: { k: "x".repeat(10_000) } } }) });
    await peer.frames(1);
    await peer.send(...captured(2, 3, 5, 9));
    const frames = await peer.frames(5);
    expect(frames.slice(3).map((frame) => frame.payload.length)).toEqual([4096, expect.any(Number)]);
  });
});

test("rule 3: length, stream, type, flags; at most 4 MiB of data", () => {
  const bytes = encodeMessage(2, MessageType.REQUEST, 0x01020305, Buffer.from("ab"));
  expect(bytes.toString("hex")).toBe("000000020000000c00000002010203050100" + Buffer.from("ab").toString("hex"));
  const tooLong = expect.objectContaining({ code: "TTRPC_MESSAGE_TOO_LARGE", status: 8 });
  expect(() => encodeMessage(1, MessageType.RESPONSE, 1, Buffer.alloc(MAX_MESSAGE_BYTES + 1))).toThrow(tooLong);
  const reader = new MessageReader(MessageType.REQUEST, nothing);
  const header = Buffer.from("00400001000000010100", "hex");
  expect(() => reader.push(header, 0, header.length)).toThrow(tooLong);
});

test("rule 4: the plugin serves before it has registered", async () => {
  const peer = closeLater(await RawPeer.start());
  startPlugin(peer.socketPath, { createContainer: nothing });
  // Configure, before RegisterPlugin was answered or even read.
  await peer.send(...captured(3));
  const frames = await peer.frames(2);
  expect(frames.map((frame) => frame.connection)).toEqual([2, 1]);
});

test("rule 5: registered, configured, synchronized, then events", async () => {
  const order: string[] = [];
  const { peer, log } = await connect({
    configure: () => void order.push("configure"),
    synchronize: () => void order.push("synchronize"),
    startContainer: () => void order.push("startContainer"),
  });
  await peer.notify(nri.Event.START_CONTAINER, pod, container);
  expect(log).toEqual(["connecting", "registered", "configured", "synchronized"]);
  expect(order).toEqual(["configure", "synchronize", "startContainer"]);
});

describe("rule 6: the event mask has bit 1 << (event - 1) of each handler, and none that the runtime does not know", () => {
  const handlers: PluginHandlers = {
    createContainer: nothing,
    removeContainer: nothing,
    postUpdatePodSandbox: nothing,
    validateContainerAdjustment: nothing,
  };
  test.each([
    ["v1.7.34", "", 0x408],
    ["v2.2.0", "", 0x3408],
    ["v2.3.7", "v0.12.0", 0x3408],
    ["v9.9.9", "(devel)", 0x3408],
  ])("containerd %s with NRI %s", async (version, nriVersion, events) => {
    const { peer } = await connect(handlers, { runtime: { version, nriVersion } });
    expect(peer.configuration?.events).toBe(events);
  });

  test("every handler has its bit", () => {
    const names = [
      "runPodSandbox",
      "stopPodSandbox",
      "removePodSandbox",
      "createContainer",
      "postCreateContainer",
      "startContainer",
      "postStartContainer",
      "updateContainer",
      "postUpdateContainer",
      "stopContainer",
      "removeContainer",
      "updatePodSandbox",
      "postUpdatePodSandbox",
      "validateContainerAdjustment",
    ];
    expect(names.map((name) => eventsOf({ [name]: nothing }))).toEqual(names.map((_name, bit) => 1 << bit));
  });
});

describe("rule 7: an empty mask would mean all events", () => {
  test("a plugin without handlers is refused", () => {
    const noHandlers = expect.objectContaining({ code: "NO_HANDLERS" });
    expect(() => new NriPlugin({ name: "x", index: "10", handlers: { configure: nothing } }, {})).toThrow(noHandlers);
  });

  test("a plugin all of whose events the runtime lacks answers Configure with an error", async () => {
    const options = { runtime: { version: "v1.7.34", nriVersion: "", handshake: false } };
    const { peer, errors } = await connect({ validateContainerAdjustment: nothing }, options);
    await expect(peer.configure()).rejects.toMatchObject({ status: 9 });
    expect(errors).toMatchObject([{ code: "EVENTS_UNSUPPORTED" }]);
  });
});

test("rule 8: a chunk with more is answered with more and no updates; the handler gets everything at the end", async () => {
  const containers = Array.from({ length: 7 }, (_, index) => ({ id: `c${index}` }));
  const calls: string[][] = [];
  const handlers: PluginHandlers = {
    createContainer: nothing,
    synchronize(pods, found) {
      calls.push([...pods, ...found].map((each) => each.id));
      return [{ containerId: "c3" }];
    },
  };
  // The fake runtime refuses answers whose `more` is not the chunk's.
  const { peer } = await connect(handlers, { runtime: { pods: [pod], containers, chunkObjects: 3 } });
  expect(calls).toEqual([["p", "c0", "c1", "c2", "c3", "c4", "c5", "c6"]]);
  expect(peer.synchronizeUpdates.map((update) => update.containerId)).toEqual(["c3"]);
});

test("rule 9: all chunks of a synchronization share one time-out", async () => {
  let deadlineMs = 0;
  const { peer } = await connect(
    { createContainer: nothing, synchronize: (_pods, _containers, call) => void (deadlineMs = call.deadlineMs) },
    { runtime: { handshake: false }, plugin: { answerMarginMs: 500 } },
  );
  await peer.configure();
  const send = (more: boolean): Promise<nri.SynchronizeResponse> =>
    peer.call("Synchronize", nri.writeSynchronizeRequest, { more }, nri.SynchronizeResponse);
  await send(true);
  const afterFirstChunkMs = performance.now();
  await send(false);
  expect(deadlineMs).toBeLessThan(afterFirstChunkMs + 1500);
  expect(deadlineMs).toBeGreaterThan(afterFirstChunkMs);
});

describe("rule 10: a handler that is late answers with an error before the runtime gives up", () => {
  test("status 4, the connection stays, the late result and its afterReply are dropped, the signal is aborted", async () => {
    const late = Promise.withResolvers<void>();
    const replied: string[] = [];
    let call: Call | undefined;
    const handlers: PluginHandlers = {
      async createContainer(_pod, seen, current) {
        if (seen.id !== "late") return;
        call = current;
        current.afterReply(() => replied.push("late"));
        await late.promise;
        current.afterReply(() => replied.push("later"));
      },
    };
    // The margin is what a busy machine may take to bring the answer.
    const patience = { runtime: { requestTimeoutMs: 2000 }, plugin: { answerMarginMs: 1000 } };
    const { peer, errors, disconnects } = await connect(handlers, patience);
    const refused = peer.createContainer(pod, { id: "late" });
    await expect(refused).rejects.toMatchObject({ code: "CALL_FAILED", status: 4 });
    expect(call?.signal.aborted).toBe(true);
    late.resolve();
    await sleep(5);
    await peer.createContainer(pod, container);
    expect(replied).toEqual([]);
    expect(disconnects).toEqual([]);
    expect(errors).toMatchObject([{ code: "HANDLER_TIMEOUT" }]);
  });

  test("a handler that blocks the process beyond the deadline", async () => {
    const handlers: PluginHandlers = {
      createContainer() {
        const untilMs = performance.now() + 150;
        while (performance.now() < untilMs) continue;
        return { adjust: { args: ["", "too late"] } };
      },
    };
    const plugin = { answerMarginMs: 100 };
    const { peer } = await connect(handlers, { runtime: { requestTimeoutMs: 200 }, plugin });
    await expect(peer.createContainer(pod, container)).rejects.toMatchObject({ status: 4 });
  });

  test("the failure policy asks for the same of the runtime", async () => {
    const { peer } = await connect({ createContainer: nothing });
    expect(peer.configuration?.failurePolicy?.toJSON()).toEqual({ failRequest: true, keepConnected: true });
  });
});

function request(service: string, method: string, stream: number): Buffer {
  return encodeMessage(1, MessageType.REQUEST, stream, encode(writeRequest, { service, method }));
}

test("rule 11: unknown methods and services are answered with status 12", async () => {
  const peer = closeLater(await RawPeer.start());
  startPlugin(peer.socketPath, { createContainer: nothing });
  await peer.frames(1);
  await peer.send(request(nri.PLUGIN_SERVICE, "NoSuchMethod", 1), request("some.Service", "Configure", 3));
  const frames = await peer.frames(3);
  const answer = captured(22)[0]?.subarray(18).toString("hex");
  expect(frames[1]?.payload.subarray(10).toString("hex")).toBe(answer);
  expect(frames[2]?.payload.subarray(10).toString("utf8")).toContain("service some.Service");
});

describe("rule 12: events as calls of their own and as StateChange", () => {
  const events: [keyof PluginHandlers, nri.Event, boolean][] = [
    ["runPodSandbox", nri.Event.RUN_POD_SANDBOX, false],
    ["stopPodSandbox", nri.Event.STOP_POD_SANDBOX, false],
    ["removePodSandbox", nri.Event.REMOVE_POD_SANDBOX, false],
    ["postUpdatePodSandbox", nri.Event.POST_UPDATE_POD_SANDBOX, false],
    ["postCreateContainer", nri.Event.POST_CREATE_CONTAINER, true],
    ["startContainer", nri.Event.START_CONTAINER, true],
    ["postStartContainer", nri.Event.POST_START_CONTAINER, true],
    ["postUpdateContainer", nri.Event.POST_UPDATE_CONTAINER, true],
    ["removeContainer", nri.Event.REMOVE_CONTAINER, true],
  ];
  test.each(["v0.11.0", "v0.12.0"])("NRI %s", async (nriVersion) => {
    const seen: unknown[] = [];
    const handlers = Object.fromEntries(
      events.map(([name, , ofContainer]) => [
        name,
        (...args: { id: string }[]) => void seen.push([name, args[0]?.id, ofContainer ? args[1]?.id : undefined]),
      ]),
    );
    const { peer } = await connect(handlers, { runtime: { nriVersion } });
    for (const [, event, ofContainer] of events) await peer.notify(event, pod, ofContainer ? container : undefined);
    expect(seen).toEqual(events.map(([name, , ofContainer]) => [name, "p", ofContainer ? "c" : undefined]));
  });

  test("an event that has no name yet is answered and ignored", async () => {
    const { peer, errors } = await connect({ startContainer: nothing }, { runtime: { nriVersion: "v0.11.0" } });
    await peer.notify(99, pod, container);
    expect(errors).toEqual([]);
  });
});

describe("rule 13: updateContainers in a handler that has not answered is refused instead of stalling both sides", () => {
  const UPDATE_INSIDE_HANDLER = { code: "UPDATE_INSIDE_HANDLER" };

  test("awaited, at once and after other awaits", async () => {
    const outcomes: unknown[] = [];
    const pair = await connect({
      async createContainer() {
        outcomes.push(await pair.plugin.updateContainers([]).catch((error: unknown) => error));
        await sleep(1);
        outcomes.push(await pair.plugin.updateContainers([]).catch((error: unknown) => error));
      },
    });
    await pair.peer.createContainer(pod, container);
    expect(outcomes).toMatchObject([UPDATE_INSIDE_HANDLER, UPDATE_INSIDE_HANDLER]);
  });

  test("after the reply, and beside a handler that is still running, it works", async () => {
    const slow = Promise.withResolvers<void>();
    const after = Promise.withResolvers<unknown>();
    const pair = await connect({
      async createContainer(_pod, _container, call) {
        call.afterReply(() => after.resolve(pair.plugin.updateContainers([{ containerId: "x" }])));
        await slow.promise;
      },
    });
    const created = pair.peer.createContainer(pod, container);
    expect(await pair.plugin.updateContainers([{ containerId: "x" }])).toEqual([]);
    slow.resolve();
    await created;
    expect(await after.promise).toEqual([]);
  });
});

test("rule 14: removing a variable empties it, because runtimes lose the removal", () => {
  expect(new AdjustmentBuilder().removeEnv("SECRET").build().env).toEqual([
    { key: "-SECRET" },
    { key: "SECRET", value: "" },
  ]);
});

describe("rule 15: args need NRI 0.10", () => {
  test.each([
    ["v2.1.4", "", true],
    ["v2.2.0", "", false],
  ])("containerd %s", async (version, nriVersion, refused) => {
    const handlers = { createContainer: () => ({ adjust: { args: ["", "wrapped"] } }) };
    const { peer } = await connect(handlers, { runtime: { version, nriVersion } });
    const outcome = await peer.createContainer(pod, container).catch((error: unknown) => error);
    expect(outcome instanceof NriError && outcome.status === 9).toBe(refused);
  });
});

describe("rule 16: an errno in a seccomp rule needs NRI 0.12", () => {
  test.each([
    ["v2.2.7", "", true],
    ["v2.3.0", "v0.12.0", false],
  ])("containerd %s", async (version, nriVersion, refused) => {
    const syscalls = [{ names: ["bpf"], action: "SCMP_ACT_ERRNO", errnoRet: { value: 1 } }];
    const handlers = { createContainer: () => ({ adjust: { linux: { seccompPolicy: { syscalls } } } }) };
    const { peer, errors } = await connect(handlers, { runtime: { version, nriVersion } });
    const outcome = await peer.createContainer(pod, container).catch((error: unknown) => error);
    expect(outcome instanceof NriError && outcome.status === 9).toBe(refused);
    expect(errors.map((error) => error.code)).toEqual(refused ? ["SECCOMP_ERRNO_UNSUPPORTED"] : []);
  });

  test("an errno of the default action goes out, although no runtime applies it", () => {
    const policy = { defaultAction: "SCMP_ACT_ERRNO", defaultErrno: { value: 38 } };
    const adjust = new AdjustmentBuilder().setSeccompPolicy(policy).build();
    const bytes = encode(nri.writeCreateContainerResponse, { adjust });
    expect(decode(nri.CreateContainerResponse, bytes).adjust?.linux?.seccompPolicy?.defaultErrno?.value).toBe(38);
  });
});
