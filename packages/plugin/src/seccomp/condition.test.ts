import { describe, expect, test } from "vitest";
import {
  ALL_BITS,
  areDisjoint,
  blocksBetween,
  fitsInHalf,
  holds,
  implies,
  isAlways,
  isNever,
  meetConditions,
  type Condition,
  type Operator,
} from "./condition.ts";

function is(op: Exclude<Operator, "masked_eq">, value: bigint): Condition {
  return { op, value, mask: ALL_BITS };
}

function masked(value: bigint, mask: bigint): Condition {
  return { op: "masked_eq", value, mask };
}

/** All bits but those of `bits`. */
function but(bits: bigint): bigint {
  return ALL_BITS - bits;
}

test.each([
  ["eq", [false, true, false]],
  ["ne", [true, false, true]],
  ["lt", [true, false, false]],
  ["le", [true, true, false]],
  ["gt", [false, false, true]],
  ["ge", [false, true, true]],
] as const)("%s 5 of 4, 5 and 6: %j", (op, expected) => {
  expect([4n, 5n, 6n].map((argument) => holds(is(op, 5n), argument))).toEqual(expected);
});

test("masked_eq looks at the mask's bits only", () => {
  expect([0x35n, 0x3an, 0x25n].map((argument) => holds(masked(0x30n, 0xf0n), argument))).toEqual([true, true, false]);
});

describe("what no argument and what every argument meets", () => {
  test.each([is("lt", 0n), is("gt", ALL_BITS), masked(1n, 2n)])("never: %o", (condition) => {
    expect([isNever(condition), isAlways(condition)]).toEqual([true, false]);
  });

  test.each([is("ge", 0n), is("le", ALL_BITS), masked(0n, 0n)])("always: %o", (condition) => {
    expect([isNever(condition), isAlways(condition)]).toEqual([false, true]);
  });

  test.each([
    is("eq", 0n),
    is("ne", 0n),
    is("ne", ALL_BITS),
    is("lt", 1n),
    is("le", 0n),
    is("gt", ALL_BITS - 1n),
    is("gt", 0n),
    is("ge", ALL_BITS),
    is("le", ALL_BITS - 1n),
    masked(2n, 2n),
    masked(0n, 1n),
  ])("neither: %o", (condition) => {
    expect([isNever(condition), isAlways(condition)]).toEqual([false, false]);
  });
});

describe("one implies the other", () => {
  test.each([
    [is("lt", 0n), is("eq", 5n)],
    [is("eq", 5n), is("le", 5n)],
    [is("eq", 5n), masked(1n, 1n)],
    [is("le", 0n), is("eq", 0n)],
    [is("gt", 5n), is("ne", 5n)],
    [is("ne", 5n), is("ne", 5n)],
    [is("ne", 0n), is("ge", 1n)],
    [is("ne", ALL_BITS), is("lt", ALL_BITS)],
    [is("le", 5n), is("le", 5n)],
    [is("ge", 5n), is("gt", 4n)],
    [is("lt", 6n), is("le", 5n)],
    [masked(0x30n, 0xf0n), masked(0x30n, 0x30n)],
    [masked(0x30n, 0xf0n), masked(0x10n, 0x50n)],
    [masked(0x30n, 0xf0n), is("ge", 0x30n)],
    [masked(0x30n, 0xf0n), is("ne", 0x25n)],
    [masked(1n, but(6n)), is("le", 7n)],
    [is("ne", 5n), masked(0n, 0n)],
  ])("%o, %o", (left, right) => {
    expect(implies(left, right)).toBe(true);
  });

  test.each([
    [is("eq", 5n), is("lt", 5n)],
    [is("eq", 4n), masked(1n, 1n)],
    [is("ge", 5n), is("ne", 5n)],
    [is("ne", 5n), is("ne", 6n)],
    [is("ne", 0n), is("ge", 2n)],
    [is("ne", ALL_BITS), is("lt", ALL_BITS - 1n)],
    [is("le", 5n), is("le", 4n)],
    [is("le", 5n), is("ge", 0n + 1n)],
    [is("ge", 5n), is("ge", 6n)],
    [is("ge", 5n), is("le", 9n)],
    [masked(0x30n, 0xf0n), masked(0x20n, 0x30n)],
    [masked(0x30n, 0x30n), masked(0x30n, 0xf0n)],
    [masked(0x30n, 0xf0n), is("le", 0x40n)],
    [masked(1n, but(6n)), is("le", 6n)],
    [masked(1n, but(6n)), is("ge", 2n)],
    // It is true here that one implies the other. That may be missed, the other way round may not.
    [is("le", 1n), masked(0n, but(1n))],
  ])("not %o, %o", (left, right) => {
    expect(implies(left, right)).toBe(false);
  });
});

describe("both at once", () => {
  test.each<[Condition, Condition, Condition[]]>([
    [is("lt", 5n), is("gt", 4n), []],
    [is("eq", 5n), is("ne", 5n), []],
    [masked(0n, 1n), masked(1n, 3n), []],
    [is("lt", 0n), is("eq", 5n), []],
    [is("eq", 5n), is("lt", 0n), []],
    [is("le", 5n), is("lt", 9n), [is("le", 5n)]],
    [masked(0x30n, 0xf0n), is("ge", 0x30n), [masked(0x30n, 0xf0n)]],
    [is("ge", 0x30n), masked(0x30n, 0xf0n), [masked(0x30n, 0xf0n)]],
    [is("lt", 9n), is("le", 5n), [is("le", 5n)]],
    [is("ge", 4n), is("le", 10n), [masked(4n, but(3n)), masked(8n, but(1n)), is("eq", 10n)]],
    [is("ne", 5n), is("ne", 7n), [is("le", 4n), is("eq", 6n), is("ge", 8n)]],
    [is("ne", 0n), is("le", 3n), [is("eq", 1n), masked(2n, but(1n))]],
    [is("ne", 3n), is("le", 3n), [is("le", 2n)]],
    [is("ne", 3n), is("ge", 3n), [is("ge", 4n)]],
    [masked(0n, 1n), is("le", 3n), [masked(0n, but(2n))]],
    [is("le", 3n), masked(1n, 1n), [masked(1n, but(2n))]],
    [masked(0x10n, 0x10n), masked(0x1n, 0xfn), [masked(0x11n, 0x1fn)]],
    [masked(0x10n, 0x11n), masked(0x1n, 0xfn), []],
  ])("%o, %o", (left, right, both) => {
    expect(meetConditions(left, right)).toEqual(both);
    expect(areDisjoint(left, right)).toBe(both.length === 0);
  });
});

describe("a range in blocks", () => {
  test.each<[bigint, bigint, Condition[]]>([
    [5n, 4n, []],
    [5n, 5n, [is("eq", 5n)]],
    [3n, 8n, [is("eq", 3n), masked(4n, but(3n)), is("eq", 8n)]],
    [0n, 7n, [masked(0n, but(7n))]],
    [1n, 2n, [is("eq", 1n), is("eq", 2n)]],
    [0n, ALL_BITS, [masked(0n, 0n)]],
    [ALL_BITS - 1n, ALL_BITS, [masked(ALL_BITS - 1n, but(1n))]],
  ])("%d to %d", (from, to, blocks) => {
    expect(blocksBetween(from, to)).toEqual(blocks);
  });
});

test("32 bits are a half", () => {
  expect([0n, 0xffff_ffffn, 0x1_0000_0000n].map((value) => fitsInHalf(is("eq", value)))).toEqual([true, true, false]);
});
