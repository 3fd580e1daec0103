import { describe, expect, test } from "vitest";
import { ALLOW, type Action } from "./action.ts";
import { behaviour, isWhole, meet, whole, type Behaviour, type Conjunction } from "./behaviour.ts";
import { ALL_BITS, type Condition } from "./condition.ts";

const EPERM: Action = { kind: "errno", errno: 1 };
const ENOSYS: Action = { kind: "errno", errno: 38 };
const KILL: Action = { kind: "kill_process", errno: 0 };
const eq = (value: bigint): Condition => ({ op: "eq", value, mask: ALL_BITS });
const ne = (value: bigint): Condition => ({ op: "ne", value, mask: ALL_BITS });
const le = (value: bigint): Condition => ({ op: "le", value, mask: ALL_BITS });

function all(...conditions: (readonly [number, Condition])[]): Conjunction {
  return new Map(conditions);
}

/** So many alternatives of one argument, none of which covers another. */
function values(count: number, argument = 0): Conjunction[] {
  return Array.from({ length: count }, (_, at) => all([argument, eq(BigInt(at))]));
}

/** Allowed where one of the alternatives holds. */
function allowed(alternatives: readonly Conjunction[], outside: Action = EPERM): Behaviour {
  return { alternatives, inside: ALLOW, outside };
}

describe("alternatives, tidied up", () => {
  test("arguments do not matter where the answers are the same, always or never hold", () => {
    expect(behaviour(values(2), EPERM, EPERM)).toEqual(whole(EPERM));
    expect(behaviour([all([0, eq(1n)]), all()], ALLOW, EPERM)).toEqual(whole(ALLOW));
    expect(behaviour([], ALLOW, EPERM)).toEqual(whole(EPERM));
    expect([whole(ALLOW), allowed(values(1)), allowed([all(), all()])].map(isWhole)).toEqual([true, false, false]);
  });

  test("one that another covers is left out, in whatever order they come", () => {
    const [wide, narrow, other] = [all([0, le(5n)]), all([0, eq(3n)], [1, eq(1n)]), all([1, eq(9n)])];
    expect(behaviour([wide, narrow, other], ALLOW, EPERM)).toEqual(allowed([wide, other]));
    expect(behaviour([narrow, other, wide], ALLOW, EPERM)).toEqual(allowed([other, wide]));
    expect(behaviour([narrow, all([0, eq(4n)]), wide], ALLOW, EPERM)).toEqual(allowed([wide]));
    expect(behaviour([other, narrow], ALLOW, EPERM)).toEqual(allowed([other, narrow]));
    expect(behaviour([wide, wide], ALLOW, EPERM)).toEqual(allowed([wide]));
  });

  test("64 are written down, more are not", () => {
    expect(behaviour(values(64), ALLOW, EPERM)?.alternatives).toHaveLength(64);
    expect(behaviour(values(65), ALLOW, EPERM)).toBeUndefined();
  });

  test("what is stricter inside cannot be said", () => {
    expect(behaviour(values(1), KILL, EPERM)).toBeUndefined();
    expect(behaviour(values(1), ENOSYS, EPERM)).toEqual({ alternatives: values(1), inside: ENOSYS, outside: EPERM });
  });
});

describe("two filters together", () => {
  const [one, two] = [all([0, eq(1n)]), all([1, eq(2n)])];

  test("of answers that do not look at arguments, the stricter", () => {
    expect(meet(whole(ALLOW), whole(EPERM), EPERM)).toEqual(whole(EPERM));
    expect(meet(whole(KILL), whole(ALLOW), EPERM)).toEqual(whole(KILL));
    expect(meet(whole(ALLOW), whole(ALLOW), EPERM)).toEqual(whole(ALLOW));
  });

  test("only one looks at arguments", () => {
    expect(meet(allowed([one]), whole(ALLOW), EPERM)).toEqual(allowed([one]));
    expect(meet(whole(ALLOW), allowed([one]), EPERM)).toEqual(allowed([one]));
    expect(meet(allowed([one]), whole(EPERM), EPERM)).toEqual(whole(EPERM));
    expect(meet(whole(KILL), allowed([one]), EPERM)).toEqual(whole(KILL));
  });

  test("an answer outside that is not the filter's own for the rest cannot be said", () => {
    expect(meet(allowed([one], ENOSYS), whole(ALLOW), EPERM)).toBeUndefined();
    expect(meet(whole(ALLOW), allowed([one], KILL), EPERM)).toBeUndefined();
    expect(meet(allowed([one], ENOSYS), whole(ALLOW), ENOSYS)).toEqual(allowed([one], ENOSYS));
  });

  test("both look at arguments", () => {
    expect(meet(allowed([one]), allowed([two]), EPERM)).toEqual(allowed([all([0, eq(1n)], [1, eq(2n)])]));
    expect(meet(allowed([one]), allowed([all([0, le(5n)])]), EPERM)).toEqual(allowed([one]));
    expect(meet(allowed([one]), allowed([all([0, eq(2n)])]), EPERM)).toEqual(whole(EPERM));
    expect(meet(allowed([one, two]), allowed([one]), EPERM)).toEqual(allowed([one]));
    // On one argument, two conditions become three.
    expect(meet(allowed([all([0, ne(5n)], [1, eq(2n)])]), allowed([all([0, ne(7n)])]), EPERM)).toEqual(
      allowed([le(4n), eq(6n), { op: "ge", value: 8n, mask: ALL_BITS } as const].map((c) => all([0, c], [1, eq(2n)]))),
    );
  });

  test("where one refuses in another way, each corner would need an answer of its own", () => {
    expect(meet(allowed([one]), allowed([two], KILL), EPERM)).toBeUndefined();
    expect(meet(allowed([one], KILL), allowed([two]), EPERM)).toBeUndefined();
    // The rest is killed, but a call with the first argument only is refused by one and let through by the other.
    expect(meet(allowed([one]), allowed([two], KILL), KILL)).toBeUndefined();
    expect(meet(allowed([one], KILL), allowed([two]), KILL)).toBeUndefined();
    expect(meet(allowed([one], KILL), allowed([two], KILL), KILL)).toMatchObject({ inside: ALLOW, outside: KILL });
    const logged: Behaviour = { alternatives: [two], inside: { kind: "log", errno: 0 }, outside: EPERM };
    expect(meet(allowed([one]), logged, EPERM)).toMatchObject({ inside: { kind: "log" }, outside: EPERM });
    expect(meet(allowed([one], ENOSYS), allowed([two], ENOSYS), EPERM)).toBeUndefined();
  });

  test("16 by 16 alternatives are gone through, 16 by 17 are not", () => {
    // Covered by the last one again, so that few are left.
    const many = (count: number, argument: number): Conjunction[] => [
      ...values(count - 1, argument),
      all([argument, le(99n)]),
    ];
    const squeezed = meet(allowed(many(16, 0)), allowed(many(16, 1)), EPERM);
    expect(squeezed).toEqual(allowed([all([0, le(99n)], [1, le(99n)])]));
    expect(meet(allowed(many(16, 0)), allowed(many(17, 1)), EPERM)).toBeUndefined();
    expect(meet(allowed(values(8)), allowed(values(8, 1)), EPERM)?.alternatives).toHaveLength(64);
    expect(meet(allowed(values(8)), allowed(values(9, 1)), EPERM)).toBeUndefined();
  });
});
