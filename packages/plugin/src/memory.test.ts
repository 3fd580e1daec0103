import { getHeapCodeStatistics, getHeapSpaceStatistics } from "node:v8";
import { runInThisContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RestingMemory, V8Collector } from "./memory.ts";

let collections = 0;
let youngCollections = 0;
let afterStart: boolean[] = [];

beforeEach(() => {
  collections = 0;
  youngCollections = 0;
  afterStart = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function newMemory(): RestingMemory {
  return new RestingMemory({
    young: () => void (youngCollections += 1),
    everything(isAfterStart) {
      collections += 1;
      afterStart.push(isAfterStart);
    },
  });
}

function call(memory: RestingMemory, count: number): void {
  for (let index = 0; index < count; index++) memory.called(performance.now());
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

describe("young objects", () => {
  test("are collected in the first pause of a burst, and again after as many calls", () => {
    const memory = newMemory();
    call(memory, 100);
    vi.advanceTimersByTime(10);
    call(memory, 1);
    vi.advanceTimersByTime(10);
    expect(youngCollections).toBe(0);
    vi.advanceTimersByTime(10);
    expect(youngCollections).toBe(1);
    call(memory, 99);
    vi.advanceTimersByTime(1000);
    expect(youngCollections).toBe(1);
    call(memory, 1);
    vi.advanceTimersByTime(20);
    expect(youngCollections).toBe(2);
    expect(collections).toBe(0);
  });

  test("are not while the runtime goes on asking", () => {
    const memory = newMemory();
    for (let round = 0; round < 1000; round++) {
      call(memory, 10);
      vi.advanceTimersByTime(5);
    }
    expect(youngCollections).toBe(0);
  });
});

describe("the collector that is reached for exists in this Node", () => {
  test.each([true, false])("after the start: %s", (isAfterStart) => {
    vi.useRealTimers();
    let junk: object[] | undefined = Array.from({ length: 200_000 }, (_, index) => ({ index }));
    const before = process.memoryUsage().heapUsed;
    expect(junk.length).toBe(200_000);
    junk = undefined;
    new V8Collector().everything(isAfterStart);
    expect(process.memoryUsage().heapUsed).toBeLessThan(before - 4 * 1024 * 1024);
  });
});

test("young objects can be collected alone, many times, also after everything", () => {
  vi.useRealTimers();
  const collector = new V8Collector();
  for (let round = 0; round < 3; round++) {
    expect(Array.from({ length: 60_000 }, (_, index) => ({ index })).length).toBe(60_000);
    // What lives is moved on to the old generation by the second collection.
    for (let count = 0; count < 3; count++) collector.young();
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
    expect(young?.space_used_size).toBeLessThan(500_000);
    collector.everything(false);
  }
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
    new V8Collector().everything(isAfterStart);
    return before - getHeapCodeStatistics().bytecode_and_metadata_size;
  };
  const [kept, letGo, keptAgain] = [codeAfter(false), codeAfter(true), codeAfter(false)];
  expect(letGo).toBeGreaterThan(kept + 20_000);
  expect(keptAgain).toBeLessThan(20_000);
});
