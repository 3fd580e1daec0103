import { describe, expect, it } from "vitest";
import { distribution, median, rounded } from "./statistics.ts";

describe("distribution", () => {
  it("takes nearest ranks of unsorted values", () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect(distribution(values)).toEqual({ count: 200, min: 1, p50: 100, p90: 180, p99: 198 });
  });

  it("is the value itself where there is one", () => {
    expect(distribution([7])).toEqual({ count: 1, min: 7, p50: 7, p90: 7, p99: 7 });
  });

  it("compares numbers, not their spelling", () => {
    expect(median([100, 9, 20])).toBe(20);
  });

  it("refuses to make a figure of nothing", () => {
    expect(() => distribution([])).toThrow(RangeError);
  });
});

describe("rounded", () => {
  it("keeps the asked digits", () => {
    expect(rounded(0.54999, 2)).toBe(0.55);
  });
});
