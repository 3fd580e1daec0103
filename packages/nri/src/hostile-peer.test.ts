/** Whatever a broken peer sends, the connection is closed with a code, and the plugin lives on. */
import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { PLUGIN_SERVICE } from "./schema/generated/nri/service.ts";
import { writeRequest } from "./schema/generated/ttrpc/envelope.ts";
import { encode } from "./schema/write.ts";
import { captured, capturedFrames } from "./testing/captured-frames.ts";
import { closeAll, closeLater, type StartedPlugin, startPlugin } from "./testing/pair.ts";
import { RawPeer } from "./testing/raw-peer.ts";
import { encodeMessage, MessageType } from "./ttrpc/codec.ts";

afterEach(closeAll);

const PATIENT = { timeout: 20_000, interval: 2 };

async function connected(): Promise<StartedPlugin & { peer: RawPeer }> {
  const peer = closeLater(await RawPeer.start());
  const started = startPlugin(
    peer.socketPath,
    {
      createContainer: (pod, container) => ({ adjust: { args: ["", pod.name, ...container.args] } }),
      synchronize: (pods, containers) => void [...pods, ...containers].map((each) => JSON.stringify(each)),
    },
    { reconnect: false },
  );
  await peer.frames(1);
  return { peer, ...started };
}

async function closesWith(bytes: Buffer): Promise<string | undefined> {
  const { peer, disconnects } = await connected();
  await peer.send(bytes);
  await vi.waitFor(() => expect(disconnects).toHaveLength(1), PATIENT);
  return disconnects[0]?.code;
}

describe("closes with a code", () => {
  test.each([
    ["a mux frame of 4 GiB", "00000001ffffffff", "MUX_FRAME_TOO_LARGE"],
    ["a mux frame one byte too long", "000000010040000b", "MUX_FRAME_TOO_LARGE"],
    ["a ttRPC message of 4 GiB", "000000010000000affffffff000000010100", "TTRPC_MESSAGE_TOO_LARGE"],
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n").toString("hex"), "MUX_FRAME_TOO_LARGE"],
  ])("%s", async (_what, hex, code) => {
    expect(await closesWith(Buffer.from(hex, "hex"))).toBe(code);
  });

  test("an answer that is no protobuf", async () => {
    expect(await closesWith(encodeMessage(2, MessageType.RESPONSE, 1, Buffer.from([0x0a, 0x7f])))).toBe(
      "MALFORMED_MESSAGE",
    );
  });
});

describe("answers with a status and goes on", () => {
  test.each([
    ["a request that is no protobuf", Buffer.from([0x0a, 0x7f]), 1, "Request is not valid protobuf"],
    [
      "a payload that is no protobuf",
      encode(writeRequest, { service: PLUGIN_SERVICE, method: "CreateContainer", payload: Buffer.from([0x0a, 0x7f]) }),
      1,
      "CreateContainerRequest is not valid protobuf",
    ],
    ["an even stream", Buffer.alloc(0), 2, "stream 2 after 0"],
    ["stream 0", Buffer.alloc(0), 0, "stream 0 after 0"],
  ])("%s", async (_what, data, stream, text) => {
    const { peer, disconnects } = await connected();
    await peer.send(encodeMessage(1, MessageType.REQUEST, stream, data), ...captured(3));
    const frames = await peer.frames(3);
    expect(frames[1]?.payload.toString("utf8")).toContain(text);
    expect(disconnects).toEqual([]);
  });

  test("a stream that was used before", async () => {
    const { peer } = await connected();
    await peer.send(...captured(3, 3));
    const frames = await peer.frames(3);
    expect(frames[2]?.payload.toString("utf8")).toContain("stream 1 after 1");
  });
});

describe("ends in good order", () => {
  test("a stream that stops in the middle of a frame", async () => {
    const { peer, disconnects } = await connected();
    const [register, configure] = captured(2, 3);
    await peer.send(register ?? Buffer.alloc(0), configure?.subarray(0, 50) ?? Buffer.alloc(0));
    (await peer.socket()).end();
    await vi.waitFor(() => expect(disconnects).toHaveLength(1), PATIENT);
  });

  test("the captured frames with bytes changed, dropped, repeated and cut: no crash, no unknown error", async () => {
    const stream = Buffer.concat(capturedFrames.filter((each) => each.from === "runtime").map((each) => each.bytes));
    const damage = fc.record({
      changes: fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), { maxLength: 8 }),
      from: fc.nat(stream.length),
      length: fc.nat(stream.length),
      cuts: fc.array(fc.nat(stream.length), { maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ changes, from, length, cuts }) => {
        const bytes = Buffer.concat([stream.subarray(0, from), stream.subarray(length)]);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const edges = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
        const { peer, plugin, disconnects } = await connected();
        await peer.send(...edges.slice(1).map((end, index) => bytes.subarray(edges[index], end)));
        (await peer.socket()).end();
        await vi.waitFor(() => expect(disconnects).toHaveLength(1), PATIENT);
        expect(disconnects[0]?.code).toBeOneOf([
          undefined,
          "CONNECTION_CLOSED",
          "MUX_FRAME_TOO_LARGE",
          "TTRPC_MESSAGE_TOO_LARGE",
          "MALFORMED_MESSAGE",
          "REGISTRATION_REJECTED",
        ]);
        await plugin.close();
        await peer.close();
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
