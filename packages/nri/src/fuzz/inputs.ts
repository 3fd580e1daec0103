/** Damaged versions of the captured conversation: raw bytes, and requests whose outer layers are intact. */
import * as fc from "fast-check";
import { MUX_HEADER_BYTES, PLUGIN_CONNECTION } from "../mux.ts";
import { PLUGIN_SERVICE } from "../schema/generated/nri/service.ts";
import { Request, writeRequest } from "../schema/generated/ttrpc/envelope.ts";
import { asBuffer, decode } from "../schema/view.ts";
import { encode } from "../schema/write.ts";
import { capturedFrames } from "../testing/captured-frames.ts";
import { encodeMessage, MESSAGE_HEADER_BYTES, MessageType } from "../ttrpc/codec.ts";

/** Changes of a sequence of bytes; positions are taken modulo its length. */
export type Edit =
  | { kind: "set"; at: number; value: number }
  | { kind: "flip"; at: number; bit: number }
  | { kind: "delete"; at: number; length: number }
  | { kind: "insert"; at: number; bytes: Uint8Array }
  | { kind: "repeat"; at: number; length: number; times: number };

const at = fc.nat(4000);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), at, value: fc.constantFrom(0, 1, 2, 3, 4, 5, 0x7f, 0x80, 0xff) }),
  fc.record({ kind: fc.constant("flip" as const), at, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("delete" as const), at, length: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ kind: fc.constant("insert" as const), at, bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }) }),
  fc.record({
    kind: fc.constant("repeat" as const),
    at,
    length: fc.integer({ min: 1, max: 200 }),
    times: fc.integer({ min: 1, max: 50 }),
  }),
);
const edits = fc.array(edit, { maxLength: 6 });

function apply(original: Buffer, changes: readonly Edit[]): Buffer {
  let bytes = Buffer.from(original);
  for (const change of changes) {
    const start = bytes.length === 0 ? 0 : change.at % bytes.length;
    const [before, after] = [bytes.subarray(0, start), bytes.subarray(start)];
    switch (change.kind) {
      case "set":
        if (bytes.length > 0) bytes[start] = change.value;
        break;
      case "flip":
        if (bytes.length > 0) bytes[start] = (bytes[start] ?? 0) ^ (1 << change.bit);
        break;
      case "delete":
        bytes = Buffer.concat([before, after.subarray(change.length)]);
        break;
      case "insert":
        bytes = Buffer.concat([before, change.bytes, after]);
        break;
      case "repeat": {
        const repeated = Array.from({ length: change.times }, () => after.subarray(0, change.length));
        bytes = Buffer.concat([before, ...repeated, after]);
        break;
      }
    }
  }
  return bytes;
}

const fromRuntime = capturedFrames.filter((each) => each.from === "runtime");
const requests = fromRuntime
  .filter((each) => each.bytes.readUInt8(MUX_HEADER_BYTES + 8) === MessageType.REQUEST)
  .map((each) => decode(Request, asBuffer(each.bytes.subarray(MUX_HEADER_BYTES + MESSAGE_HEADER_BYTES))));

const METHODS = [
  ...new Set(requests.map((request) => request.method)),
  "StateChange",
  "UpdateContainer",
  "UpdatePodSandbox",
  "StopContainer",
  "PostCreateContainer",
  "NoSuchMethod",
];

/** The whole stream with damage anywhere, headers included. */
const damagedStream = fc
  .record({ order: fc.shuffledSubarray(fromRuntime), edits })
  .map(({ order, edits: changes }) => apply(Buffer.concat(order.map((each) => each.bytes)), changes));

/** Requests in valid frames, whose payload is damaged: this gets to the decoder. */
const damagedRequests = fc
  .array(fc.record({ request: fc.constantFrom(...requests), method: fc.constantFrom(...METHODS), edits }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((each) =>
    Buffer.concat(
      each.map(({ request, method, edits: changes }, index) => {
        const payload = apply(asBuffer(request.payload), changes);
        const data = encode(writeRequest, { service: PLUGIN_SERVICE, method, payload });
        return encodeMessage(PLUGIN_CONNECTION, MessageType.REQUEST, index * 2 + 1, data);
      }),
    ),
  );

/** A stream of bytes and where it is cut. */
export const input: fc.Arbitrary<{ bytes: Buffer; cuts: number[] }> = fc.record({
  bytes: fc.oneof(damagedStream, damagedRequests),
  cuts: fc.array(fc.nat(20_000), { maxLength: 8 }),
});

export function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const edges = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}
