import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { BusyPoll } from "./busy-poll.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Has it begin, and counts from there how often it asked for another turn of the event loop. */
function watchTurns(poll: BusyPoll, bytes = 0): () => number {
  const { mock } = vi.spyOn(globalThis, "setImmediate");
  poll.answered(bytes);
  const turn = mock.calls[0]?.[0];
  return () => mock.calls.filter(([callback]) => callback === turn).length;
}

async function sleeps(turns: () => number): Promise<void> {
  await vi.waitFor(async () => {
    const before = turns();
    await delay(30);
    expect(turns()).toBe(before);
  });
}

test("stays awake for its time, once however often it is prolonged, then sleeps, and begins anew", async () => {
  const poll = new BusyPoll(20);
  const turns = watchTurns(poll);
  poll.answered(0);
  poll.answered(0);
  expect(turns()).toBe(1);
  await vi.waitFor(() => expect(turns()).toBeGreaterThan(10));
  await sleeps(turns);
  const before = turns();
  poll.answered(0);
  await vi.waitFor(() => expect(turns()).toBeGreaterThan(before + 10));
  await sleeps(turns);
});

test("what arrives meanwhile is heard, until it is stopped", async () => {
  const poll = new BusyPoll(60_000);
  const turns = watchTurns(poll);
  for (let heard = 0; heard < 3; heard++) await delay(1);
  expect(turns()).toBeGreaterThan(10);
  poll.stop();
  await sleeps(turns);
});

test("the runtime gets longer for a long answer", async () => {
  const poll = new BusyPoll(0.001);
  const turns = watchTurns(poll, 500_000_000);
  await delay(30);
  const before = turns();
  await vi.waitFor(() => expect(turns()).toBeGreaterThan(before + 10));
  poll.stop();
  await sleeps(turns);
});

test("with a time of 0 it never begins", () => {
  const asked = vi.spyOn(globalThis, "setImmediate");
  new BusyPoll(0).answered(0);
  expect(asked).not.toHaveBeenCalled();
});
