import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Demultiplexer, MAX_MUX_PAYLOAD_BYTES, writeMuxHeader } from "./mux.ts";

class Collector {
  bytes: Buffer = Buffer.alloc(0);
  push(chunk: Buffer, start: number, end: number): void {
    this.bytes = Buffer.concat([this.bytes, chunk.subarray(start, end)]);
  }
}

function frame(connection: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(8 + payload.length);
  bytes.set(payload, writeMuxHeader(bytes, 0, connection, payload.length));
  return bytes;
}

function header(connection: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  writeMuxHeader(bytes, 0, connection, length);
  return bytes;
}

describe("Demultiplexer", () => {
  test("gives each connection its bytes and drops those of others, however the stream is cut", () => {
    const frames = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.uint8Array({ maxLength: 50 })));
    fc.assert(
      fc.property(frames, fc.array(fc.nat(500)), (sent, cuts) => {
        const [one, two] = [new Collector(), new Collector()];
        const demultiplexer = new Demultiplexer(
          new Map([
            [1, one],
            [2, two],
          ]),
        );
        const stream = Buffer.concat(sent.map(([connection, payload]) => frame(connection, payload)));
        const edges = [0, ...cuts.filter((cut) => cut < stream.length).toSorted((a, b) => a - b), stream.length];
        edges.slice(1).forEach((end, index) => demultiplexer.push(stream.subarray(edges[index], end)));
        const of = (wanted: number): Buffer =>
          Buffer.concat(sent.filter(([connection]) => connection === wanted).map(([, payload]) => payload));
        expect(one.bytes).toEqual(of(1));
        expect(two.bytes).toEqual(of(2));
      }),
    );
  });

  test("the largest frame is accepted, one byte more is refused at its header", () => {
    const demultiplexer = new Demultiplexer(new Map());
    demultiplexer.push(header(1, MAX_MUX_PAYLOAD_BYTES));
    const tooLarge = expect.objectContaining({ code: "MUX_FRAME_TOO_LARGE" });
    expect(() => new Demultiplexer(new Map()).push(header(1, MAX_MUX_PAYLOAD_BYTES + 1))).toThrow(tooLarge);
    expect(() => new Demultiplexer(new Map()).push(header(7, 0xffffffff))).toThrow(tooLarge);
  });

  test("a frame without payload is nothing", () => {
    const one = new Collector();
    new Demultiplexer(new Map([[1, one]])).push(Buffer.concat([frame(1, Buffer.alloc(0)), frame(1, Buffer.from("a"))]));
    expect(one.bytes.toString()).toBe("a");
  });
});
