import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { collectEverything, RestingMemory } from "./memory.ts";

let collections = 0;

beforeEach(() => {
  collections = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function newMemory(): RestingMemory {
  return new RestingMemory(() => {
    collections += 1;
  });
}

function call(memory: RestingMemory, count: number): void {
  for (let index = 0; index < count; index++) memory.called();
}

test("memory is given back once, some seconds after the start", () => {
  const memory = newMemory();
  call(memory, 2);
  vi.advanceTimersByTime(2900);
  expect(collections).toBe(0);
  vi.advanceTimersByTime(60_000);
  expect(collections).toBe(1);
});

test("not in the middle of a burst, but after it", () => {
  const memory = newMemory();
  for (let round = 0; round < 20; round++) {
    call(memory, 10);
    vi.advanceTimersByTime(1000);
  }
  expect(collections).toBe(0);
  vi.advanceTimersByTime(3000);
  expect(collections).toBe(1);
});

test("not for a few calls", () => {
  const memory = newMemory();
  call(memory, 1);
  vi.advanceTimersByTime(3000);
  call(memory, 99);
  vi.advanceTimersByTime(60_000);
  expect(collections).toBe(1);
  call(memory, 1);
  vi.advanceTimersByTime(3000);
  expect(collections).toBe(2);
});

test("the collector that is reached for exists in this Node", () => {
  vi.useRealTimers();
  let junk: object[] | undefined = Array.from({ length: 200_000 }, (_, index) => ({ index }));
  const before = process.memoryUsage().heapUsed;
  expect(junk.length).toBe(200_000);
  junk = undefined;
  collectEverything();
  expect(process.memoryUsage().heapUsed).toBeLessThan(before - 4 * 1024 * 1024);
});
