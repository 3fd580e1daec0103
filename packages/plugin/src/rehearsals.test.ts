import { type Call, encode, type PluginHandlers, writeCreateContainerRequest } from "@kubefence/nri";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Rehearsals } from "./rehearsals.ts";

let answered: string[] = [];
const handlers: PluginHandlers = { createContainer: (_pod, { id }) => void answered.push(id) };

beforeEach(() => {
  answered = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function createOf(id: string, env: string[] = []): Call {
  return {
    method: "CreateContainer",
    payload: encode(writeCreateContainerRequest, { pod: { id: "pod" }, container: { id, env } }),
    nriVersion: [0, 12, 5],
    afterReply: (task) => task(),
    deadlineMs: Infinity,
    signal: AbortSignal.abort(),
  };
}

function call(rehearsals: Rehearsals, count = 100): void {
  for (let index = 0; index < count; index++) rehearsals.called(performance.now());
}

function timesOf(id: string): number {
  return answered.filter((each) => each === id).length;
}

test("the first create of each way is gone through in the pauses of a burst, and no more after some of them", () => {
  const rehearsals = new Rehearsals(handlers);
  rehearsals.answered("sandboxed", createOf("a"));
  rehearsals.answered("sandboxed", createOf("b"));
  call(rehearsals);
  vi.advanceTimersByTime(14);
  expect(answered).toEqual([]);
  vi.advanceTimersByTime(5);
  expect([answered.length, timesOf("a")]).toEqual([200, 200]);

  rehearsals.answered("skipped", createOf("c"));
  for (let pause = 2; pause < 10; pause++) {
    call(rehearsals);
    vi.advanceTimersByTime(20);
  }
  expect([answered.length, timesOf("a"), timesOf("c")]).toEqual([1400, 800, 600]);
});

test("nothing is, while there were few calls or the runtime goes on asking", () => {
  const rehearsals = new Rehearsals(handlers);
  rehearsals.answered("sandboxed", createOf("a"));
  call(rehearsals, 99);
  vi.advanceTimersByTime(60_000);
  for (let round = 0; round < 1000; round++) {
    call(rehearsals, 10);
    vi.advanceTimersByTime(5);
  }
  expect(answered).toEqual([]);
});

test("rests between its turns, and a call that comes meanwhile ends it until the next pause", () => {
  let nowMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  const wait = (ms: number): void => {
    nowMs += ms;
    vi.advanceTimersByTime(ms);
  };
  const costly = vi.fn<() => void>(() => void (nowMs += 0.2));
  const rehearsals = new Rehearsals({ createContainer: costly });
  rehearsals.answered("sandboxed", createOf("a"));
  call(rehearsals);
  wait(15);
  expect(costly).toHaveBeenCalledTimes(3);
  wait(9);
  expect(costly).toHaveBeenCalledTimes(3);
  wait(1);
  expect(costly).toHaveBeenCalledTimes(6);
  call(rehearsals, 1);
  wait(1000);
  expect(costly).toHaveBeenCalledTimes(6);
  call(rehearsals, 99);
  wait(15);
  expect(costly).toHaveBeenCalledTimes(9);
});

test("a pause before the first create is not one of them", () => {
  const rehearsals = new Rehearsals(handlers);
  for (let pause = 0; pause < 10; pause++) {
    call(rehearsals);
    vi.advanceTimersByTime(20);
  }
  rehearsals.answered("sandboxed", createOf("a"));
  call(rehearsals);
  vi.advanceTimersByTime(20);
  expect(timesOf("a")).toBe(200);
});

test("a request of unusual size is not kept", () => {
  const rehearsals = new Rehearsals(handlers);
  rehearsals.answered("sandboxed", createOf("large", ["x".repeat(65_536)]));
  rehearsals.answered("sandboxed", createOf("usual"));
  call(rehearsals);
  vi.advanceTimersByTime(20);
  expect([timesOf("large"), timesOf("usual")]).toEqual([0, 200]);
});
