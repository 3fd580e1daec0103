import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PLUGIN_SERVICE } from "../schema/generated/nri/service.ts";
import { Response, writeRequest } from "../schema/generated/ttrpc/envelope.ts";
import { decode } from "../schema/view.ts";
import { encode } from "../schema/write.ts";
import { captured } from "../testing/captured-frames.ts";
import { encodeMessage, MessageType } from "../ttrpc/codec.ts";
import { input, pieces } from "./inputs.ts";
import { exercise } from "./target.ts";

describe("the fuzz target", () => {
  test("serves the captured requests", () => {
    const { answers, closedWith } = exercise(captured(7, 9, 11, 17, 19));
    expect(closedWith).toBeUndefined();
    expect(answers).toContain(captured(8)[0]?.toString("hex"));
  });

  test("many inputs, always the same ones", () => {
    fc.assert(
      fc.property(input, ({ bytes, cuts }) => {
        expect(exercise(pieces(bytes, cuts))).toEqual(exercise([bytes]));
      }),
      { seed: 1, numRuns: 150 },
    );
  }, 60_000);

  // Found by fuzzing: the answer held a view whose field was malformed, and reading it while writing was a bug's status.
  test("what a handler sends on without reading it may be malformed", () => {
    const pod = [0x0a, 0x00];
    const container = [0x12, 0x00];
    const resources = [0x1a, 0x04, 0x0a, 0x02, 0x0a, 0x7f];
    const payload = Buffer.from([...pod, ...container, ...resources]);
    const data = encode(writeRequest, { service: PLUGIN_SERVICE, method: "UpdateContainer", payload });
    const { answers } = exercise([encodeMessage(1, MessageType.REQUEST, 1, data)]);
    expect(decode(Response, Buffer.from(answers, "hex").subarray(18)).status?.code).toBe(3);
  });
});
