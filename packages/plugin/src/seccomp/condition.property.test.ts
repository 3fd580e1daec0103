import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holds, implies, isNever, meetConditions, type Condition } from "./condition.ts";

const NUMBERS = [0n, 1n, 2n, 3n, 7n, 8n, 40n, 0xffffffffn, 1n << 32n, (1n << 64n) - 2n, (1n << 64n) - 1n];
const number = fc.oneof(fc.constantFrom(...NUMBERS), fc.bigInt({ min: 0n, max: 70n }));
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    op: fc.constantFrom(...(["eq", "ne", "lt", "le", "gt", "ge"] as const)),
    value: number,
    mask: fc.constant((1n << 64n) - 1n),
  }),
  fc.record({ op: fc.constant("masked_eq" as const), value: number, mask: number }),
);

function anyHolds(alternatives: readonly Condition[], argument: bigint): boolean {
  return alternatives.some((alternative) => holds(alternative, argument));
}

describe("any two conditions, and any argument", () => {
  test("what meets both", () => {
    fc.assert(
      fc.property(condition, condition, fc.array(number, { minLength: 10 }), (left, right, samples) => {
        const both = meetConditions(left, right);
        for (const argument of samples) {
          expect(anyHolds(both, argument)).toBe(holds(left, argument) && holds(right, argument));
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("one that implies the other holds for no argument that the other does not", () => {
    fc.assert(
      fc.property(condition, condition, fc.array(number, { minLength: 10 }), (left, right, samples) => {
        fc.pre(implies(left, right));
        expect(samples.filter((argument) => holds(left, argument) && !holds(right, argument))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test("one that no argument meets", () => {
    fc.assert(
      fc.property(condition, number, (one, argument) => {
        fc.pre(isNever(one));
        expect(holds(one, argument)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
