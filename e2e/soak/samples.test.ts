import { expect, test } from "vitest";
import { growth, type Sample } from "./samples.ts";

const sample: Sample = { memoryKiB: 60_000, descriptors: 30, records: 5 };
const samples = (grow: (index: number) => Partial<Sample>): Sample[] =>
  Array.from({ length: 40 }, (_, index) => ({ ...sample, ...grow(index) }));

test("noise is no growth", () => {
  expect(growth(samples((index) => ({ memoryKiB: 60_000 + (index % 7) * 1000, records: index % 9 })))).toEqual([]);
});

test("what is taken at the start and kept is no growth", () => {
  expect(growth(samples((index) => ({ memoryKiB: index < 5 ? 40_000 : 80_000 })))).toEqual([]);
});

test("a leak is found, whatever leaks", () => {
  const found = growth(
    samples((index) => ({ memoryKiB: 60_000 + index * 1000, descriptors: 30 + index, records: index })),
  );
  expect(found.map((line) => line.split(":")[0])).toEqual(["memoryKiB", "descriptors", "records"]);
});
