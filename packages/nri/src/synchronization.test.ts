import { expect, test } from "vitest";
import { type SynchronizeRequestInit, writeSynchronizeRequest } from "./schema/generated/nri/service.ts";
import { encode } from "./schema/write.ts";
import { type Chunk, Synchronization } from "./synchronization.ts";

function chunk(request: SynchronizeRequestInit, deadlineMs = 1000): Chunk {
  return { payload: encode(writeSynchronizeRequest, request), deadlineMs };
}

test("collects until the last chunk, and begins anew after it", () => {
  const synchronization = new Synchronization();
  expect(synchronization.add(chunk({ pods: [{ id: "a" }], more: true }))).toBeUndefined();
  const state = synchronization.add(chunk({ containers: [{ id: "b" }] }));
  expect([...(state?.pods ?? []), ...(state?.containers ?? [])].map((each) => each.id)).toEqual(["a", "b"]);
  expect(synchronization.add(chunk({ pods: [{ id: "c" }] }))?.pods.map((each) => each.id)).toEqual(["c"]);
});

test("the earliest deadline is that of all chunks", () => {
  const synchronization = new Synchronization();
  synchronization.add(chunk({ more: true }, 1000));
  const last = chunk({}, 1500);
  synchronization.add(last);
  expect(last.deadlineMs).toBe(1000);
  const next = chunk({}, 5000);
  synchronization.add(next);
  expect(next.deadlineMs).toBe(5000);
});

test("chunks without end are refused, and what was collected is dropped", () => {
  const synchronization = new Synchronization(1000);
  const large = { pods: [{ id: "x".repeat(600) }], more: true };
  synchronization.add(chunk(large));
  const tooLarge = expect.objectContaining({ code: "SYNCHRONIZE_TOO_LARGE", status: 8 });
  expect(() => synchronization.add(chunk(large))).toThrow(tooLarge);
  expect(synchronization.add(chunk({ pods: [{ id: "a" }] }))?.pods).toHaveLength(1);
});
