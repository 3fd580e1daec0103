import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeMessage, MAX_MESSAGE_BYTES, MessageReader, MessageType } from "./codec.ts";

/** A message without the mux around it. */
function message(type: number, stream: number, data: Uint8Array): Buffer {
  const header = Buffer.alloc(10);
  header.writeUInt32BE(data.length, 0);
  header.writeUInt32BE(stream, 4);
  header.writeUInt8(type, 8);
  return Buffer.concat([header, data]);
}

interface Received {
  stream: number;
  data: string;
}

function reading(accepted: MessageType): { reader: MessageReader; received: Received[] } {
  const received: Received[] = [];
  const reader = new MessageReader(accepted, (_type, stream, data) => {
    received.push({ stream, data: data.toString("hex") });
  });
  return { reader, received };
}

describe("MessageReader", () => {
  test("finds the messages of its type, however the stream is cut", () => {
    const messages = fc.array(
      fc.record({ type: fc.constantFrom(1, 2, 3, 77), stream: fc.nat(), data: fc.uint8Array({ maxLength: 60 }) }),
    );
    fc.assert(
      fc.property(messages, fc.array(fc.nat(700)), (sent, cuts) => {
        const { reader, received } = reading(MessageType.REQUEST);
        const stream = Buffer.concat(sent.map((each) => message(each.type, each.stream, each.data)));
        const edges = [0, ...cuts.filter((cut) => cut < stream.length).toSorted((a, b) => a - b), stream.length];
        edges.slice(1).forEach((end, index) => reader.push(stream, edges[index] ?? 0, end));
        const wanted = sent.filter((each) => each.type === MessageType.REQUEST);
        expect(received).toEqual(
          wanted.map((each) => ({ stream: each.stream, data: Buffer.from(each.data).toString("hex") })),
        );
      }),
    );
  });

  test("keeps its messages apart from the chunk they came in", () => {
    const kept: Buffer[] = [];
    const reader = new MessageReader(MessageType.REQUEST, (_type, _stream, data) => kept.push(data));
    const chunk = message(MessageType.REQUEST, 1, Buffer.from("abc"));
    reader.push(chunk, 0, chunk.length);
    chunk.fill(0);
    expect(kept.map(String)).toEqual(["abc"]);
  });

  test.each([1, 2, 3])("a length above the limit is refused at the header, for messages of type %i too", (type) => {
    const header = message(type, 1, Buffer.alloc(0));
    header.writeUInt32BE(MAX_MESSAGE_BYTES + 1, 0);
    const tooLarge = expect.objectContaining({ code: "TTRPC_MESSAGE_TOO_LARGE" });
    expect(() => reading(MessageType.REQUEST).reader.push(header, 0, header.length)).toThrow(tooLarge);
  });

  test("any bytes: messages or a coded error", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (chunks) => {
        const { reader } = reading(MessageType.RESPONSE);
        let outcome: unknown = "fine";
        try {
          for (const chunk of chunks) reader.push(Buffer.from(chunk), 0, chunk.length);
        } catch (error) {
          outcome = error instanceof Error && "code" in error ? error.code : error;
        }
        expect(outcome).toBeOneOf(["fine", "TTRPC_MESSAGE_TOO_LARGE"]);
      }),
    );
  });
});

test("what is encoded is read back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), fc.nat(), (data, stream) => {
      const bytes = encodeMessage(1, MessageType.RESPONSE, stream, data);
      const { reader, received } = reading(MessageType.RESPONSE);
      for (let at = 0; at < bytes.length;) {
        const length = bytes.readUInt32BE(at + 4);
        reader.push(bytes, at + 8, at + 8 + length);
        at += 8 + length;
      }
      expect(received).toEqual([{ stream, data: Buffer.from(data).toString("hex") }]);
    }),
  );
});
