import { getHeapCodeStatistics } from "node:v8";
import { runInThisContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { collectEverything, RestingMemory } from "./memory.ts";

let collections = 0;
let afterStart: boolean[] = [];

beforeEach(() => {
  collections = 0;
  afterStart = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function newMemory(): RestingMemory {
  return new RestingMemory((isAfterStart) => {
    collections += 1;
    afterStart.push(isAfterStart);
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
  expect(afterStart).toEqual([true, false]);
});

describe("the collector that is reached for exists in this Node", () => {
  test.each([true, false])("after the start: %s", (isAfterStart) => {
    vi.useRealTimers();
    let junk: object[] | undefined = Array.from({ length: 200_000 }, (_, index) => ({ index }));
    const before = process.memoryUsage().heapUsed;
    expect(junk.length).toBe(200_000);
    junk = undefined;
    collectEverything(isAfterStart);
    expect(process.memoryUsage().heapUsed).toBeLessThan(before - 4 * 1024 * 1024);
  });
});

test("after the start, code that has run once is let go, and no longer at any other time", () => {
  vi.useRealTimers();
  const source = Array.from(
    { length: 400 },
    (_, index) => `functions.push(() => [${index}, "a", "b", { c: ${index} }]);`,
  );
  const functions: (() => unknown)[] = [];
  runInThisContext(`(functions) => { ${source.join("\n")} }`)(functions);
  const codeAfter = (isAfterStart: boolean): number => {
    for (const each of functions) each();
    const before = getHeapCodeStatistics().bytecode_and_metadata_size;
    collectEverything(isAfterStart);
    return before - getHeapCodeStatistics().bytecode_and_metadata_size;
  };
  const [kept, letGo, keptAgain] = [codeAfter(false), codeAfter(true), codeAfter(false)];
  expect(letGo).toBeGreaterThan(kept + 20_000);
  expect(keptAgain).toBeLessThan(20_000);
});
