import { expect, test } from "vitest";
import { NriError } from "../errors.ts";
import { RUNTIME_CONNECTION } from "../mux.ts";
import { UpdateContainersResponse, writeUpdateContainersRequest } from "../schema/generated/nri/service.ts";
import { writeResponse } from "../schema/generated/ttrpc/envelope.ts";
import { encode } from "../schema/write.ts";
import { TtrpcClient } from "./client.ts";

/** A call that waits, and a way to give its peer's answer (the data of a RESPONSE on its stream). */
function waiting(): { client: TtrpcClient; answer: Promise<unknown>; receive: (data: Uint8Array) => void } {
  const client = new TtrpcClient(RUNTIME_CONNECTION, "nri.Runtime", () => true);
  const answer = client.call("UpdateContainers", writeUpdateContainersRequest, {}, UpdateContainersResponse, 60_000);
  // The test looks at it later.
  answer.catch(() => undefined);
  return {
    client,
    answer,
    receive: (data) => {
      const message = Buffer.alloc(10 + data.length);
      message.writeUInt32BE(data.length, 0);
      message.writeUInt32BE(1, 4);
      message.writeUInt8(2, 8);
      message.set(data, 10);
      client.reader.push(message, 0, message.length);
    },
  };
}

/** Says that more bytes follow than do. */
const MALFORMED = Buffer.from([0x0a, 0x7f]);

test("an answer with a payload that is no such message rejects its call, and only that", async () => {
  const { answer, receive } = waiting();
  receive(encode(writeResponse, { payload: MALFORMED }));
  await expect(answer).rejects.toMatchObject({ code: "MALFORMED_MESSAGE" });
});

test("what is no answer at all ends the connection, and the call with it", async () => {
  const { client, answer, receive } = waiting();
  expect(() => receive(MALFORMED)).toThrow(expect.objectContaining({ code: "MALFORMED_MESSAGE" }));
  // What the session does then.
  client.close(new NriError("MALFORMED_MESSAGE", "no answer"));
  await expect(answer).rejects.toMatchObject({ code: "MALFORMED_MESSAGE", message: "no answer" });
});

test("an answer that nobody waits for is not looked at", async () => {
  const { answer, receive } = waiting();
  receive(encode(writeResponse, { status: { code: 7, message: "no" } }));
  await expect(answer).rejects.toMatchObject({ code: "CALL_FAILED", status: 7, message: "UpdateContainers: no" });
  expect(() => receive(MALFORMED)).not.toThrow();
});
