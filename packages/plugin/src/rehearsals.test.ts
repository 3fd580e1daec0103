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
  vi.useRealTimers();
});

function createOf(id: string, env: string[] = []): Call {
  return {
    method: "CreateContainer",
    payload: encode(writeCreateContainerRequest, { pod: { id: "pod" }, container: { id, env } }),
    nriVersion: [0, 12, 5],
    afterReply: () => undefined,
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
  expect([answered.length, timesOf("a")]).toEqual([400, 400]);

  rehearsals.answered("skipped", createOf("c"));
  for (let pause = 2; pause < 10; pause++) {
    call(rehearsals);
    vi.advanceTimersByTime(20);
  }
  expect([answered.length, timesOf("a"), timesOf("c")]).toEqual([2800, 1600, 1200]);
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

test("a call that comes meanwhile ends it until the next pause", () => {
  let nowMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  const { mock } = vi.spyOn(globalThis, "setImmediate").mockReturnThis();
  const pause = (): void => {
    nowMs += 20;
    vi.advanceTimersByTime(20);
  };
  const nextTurn = (): void => mock.calls.at(-1)?.[0]();
  const costly = vi.fn<() => void>(() => void (nowMs += 0.2));
  const rehearsals = new Rehearsals({ createContainer: costly });
  rehearsals.answered("sandboxed", createOf("a"));
  call(rehearsals);
  pause();
  expect([costly.mock.calls.length, mock.calls.length]).toEqual([3, 1]);
  nextTurn();
  expect([costly.mock.calls.length, mock.calls.length]).toEqual([6, 2]);
  call(rehearsals, 1);
  nextTurn();
  pause();
  expect([costly.mock.calls.length, mock.calls.length]).toEqual([6, 2]);
  call(rehearsals, 99);
  pause();
  expect([costly.mock.calls.length, mock.calls.length]).toEqual([9, 3]);
  vi.restoreAllMocks();
});

test("a request of unusual size is not kept", () => {
  const rehearsals = new Rehearsals(handlers);
  rehearsals.answered("sandboxed", createOf("large", ["x".repeat(65_536)]));
  rehearsals.answered("sandboxed", createOf("usual"));
  call(rehearsals);
  vi.advanceTimersByTime(20);
  expect([timesOf("large"), timesOf("usual")]).toEqual([0, 400]);
});
