/** A condition on one 64-bit argument. */
export interface Condition {
  readonly op: Operator;
  readonly value: bigint;
  /** For masked_eq: `argument & mask == value`. All bits otherwise. */
  readonly mask: bigint;
}

export type Operator = "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "masked_eq";

export const ALL_BITS = 0xffff_ffff_ffff_ffffn;

interface Meaning {
  readonly holds: (argument: bigint, condition: Condition) => boolean;
  /** The lowest and the highest value that meet it; the lowest is the greater one if none does. */
  readonly bounds: (condition: Condition) => Range;
}

const MEANINGS: Readonly<Record<Operator, Meaning>> = {
  eq: {
    holds: (argument, { value }) => argument === value,
    bounds: ({ value }) => [value, value],
  },
  ne: {
    holds: (argument, { value }) => argument !== value,
    bounds: ({ value }) => [value === 0n ? 1n : 0n, value === ALL_BITS ? ALL_BITS - 1n : ALL_BITS],
  },
  lt: {
    holds: (argument, { value }) => argument < value,
    bounds: ({ value }) => [0n, value - 1n],
  },
  le: {
    holds: (argument, { value }) => argument <= value,
    bounds: ({ value }) => [0n, value],
  },
  gt: {
    holds: (argument, { value }) => argument > value,
    bounds: ({ value }) => [value + 1n, ALL_BITS],
  },
  ge: {
    holds: (argument, { value }) => argument >= value,
    bounds: ({ value }) => [value, ALL_BITS],
  },
  masked_eq: {
    holds: (argument, { value, mask }) => (argument & mask) === value,
    bounds: ({ value, mask }) => ((value & ~mask) === 0n ? [value, value | (ALL_BITS ^ mask)] : [1n, 0n]),
  },
};

/** True if an argument of this value meets the condition. */
export function holds(condition: Condition, argument: bigint): boolean {
  return MEANINGS[condition.op].holds(argument, condition);
}

/** The values that meet both, as alternatives; none if no value does. */
export function meetConditions(left: Condition, right: Condition): readonly Condition[] {
  const [lowest, highest] = meetRanges(boundsOf(left), boundsOf(right));
  if (lowest > highest) return [];
  if (implies(left, right)) return [left];
  if (implies(right, left)) return [right];
  if (left.op !== "masked_eq" && right.op !== "masked_eq") {
    return rangesOf(left).flatMap((a) => rangesOf(right).flatMap((b) => conditionsOf(meetRanges(a, b))));
  }
  return blocksOf(left).flatMap((a) =>
    blocksOf(right).flatMap((b) => {
      const common = a.mask & b.mask;
      return (a.value & common) === (b.value & common) ? [masked(a.value | b.value, a.mask | b.mask)] : [];
    }),
  );
}

/** True if every value that meets `left` meets `right`. May be false where it is true, never the other way. */
export function implies(left: Condition, right: Condition): boolean {
  const [lowest, highest] = boundsOf(left);
  if (lowest > highest) return true;
  if (lowest === highest) return holds(right, lowest);
  if (right.op === "ne") return !holds(left, right.value);
  if (right.op === "masked_eq" && right.mask !== 0n) {
    const covered = left.op === "masked_eq" && (right.mask & left.mask) === right.mask;
    return covered && (left.value & right.mask) === right.value;
  }
  const [from, to] = boundsOf(right);
  return from <= lowest && highest <= to;
}

/** True if no value meets both. */
export function areDisjoint(left: Condition, right: Condition): boolean {
  return meetConditions(left, right).length === 0;
}

/** True if every value meets it. */
export function isAlways(condition: Condition): boolean {
  return implies(masked(0n, 0n), condition);
}

/** True if no value meets it. */
export function isNever(condition: Condition): boolean {
  const [lowest, highest] = boundsOf(condition);
  return lowest > highest;
}

/** False for a value above 32 bits: on 32-bit architectures libseccomp would compare its lower half only. */
export function fitsInHalf({ value }: Condition): boolean {
  return value <= 0xffff_ffffn;
}

/** `from` to `to` as blocks of values with common leading bits. */
export function blocksBetween(from: bigint, to: bigint): readonly Condition[] {
  const blocks: Condition[] = [];
  for (let start = from; start <= to;) {
    let size = 1n;
    while (size <= ALL_BITS && start % (size * 2n) === 0n && start + size * 2n - 1n <= to) size *= 2n;
    blocks.push(masked(start, ALL_BITS ^ (size - 1n)));
    start += size;
  }
  return blocks;
}

/** The same values as alternatives of masked_eq and eq. */
function blocksOf(condition: Condition): readonly Condition[] {
  if (condition.op === "masked_eq") return [condition];
  return rangesOf(condition).flatMap(([from, to]) => blocksBetween(from, to));
}

/** Empty if it ends before it begins. */
type Range = readonly [from: bigint, to: bigint];

/** The values of any condition but masked_eq. */
function rangesOf(condition: Condition): readonly Range[] {
  const { op, value } = condition;
  return op === "ne"
    ? [
        [0n, value - 1n],
        [value + 1n, ALL_BITS],
      ]
    : [boundsOf(condition)];
}

function meetRanges(left: Range, right: Range): Range {
  return [left[0] > right[0] ? left[0] : right[0], left[1] < right[1] ? left[1] : right[1]];
}

function conditionsOf([from, to]: Range): readonly Condition[] {
  if (from > to) return [];
  if (from === 0n) return [compare("le", to)];
  return to === ALL_BITS ? [compare("ge", from)] : blocksBetween(from, to);
}

function boundsOf(condition: Condition): Range {
  return MEANINGS[condition.op].bounds(condition);
}

function compare(op: Exclude<Operator, "masked_eq">, value: bigint): Condition {
  return { op, value, mask: ALL_BITS };
}

function masked(value: bigint, mask: bigint): Condition {
  return mask === ALL_BITS ? compare("eq", value) : { op: "masked_eq", value, mask };
}
