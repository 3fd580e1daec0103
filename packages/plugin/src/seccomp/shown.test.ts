import { decode, encode, LinuxSeccomp, writeLinuxSeccomp, type LinuxSeccompInit } from "@kubefence/nri";
import { describe, expect, test } from "vitest";
import { ALLOW, type Action } from "./action.ts";
import { whole, type Conjunction } from "./behaviour.ts";
import { ALL_BITS, type Condition } from "./condition.ts";
import type { Filter } from "./filter.ts";
import { readShownFilter } from "./shown.ts";

const EPERM: Action = { kind: "errno", errno: 1 };
const allow = { action: "SCMP_ACT_ALLOW" };

type Rules = NonNullable<LinuxSeccompInit["syscalls"]>;

function read(filter: LinuxSeccompInit): Filter | undefined {
  const shown = { defaultAction: "SCMP_ACT_ERRNO", ...filter };
  return readShownFilter(decode(LinuxSeccomp, encode(writeLinuxSeccomp, shown)));
}

/** What is read of a call's rules: whole, or its alternatives. */
function callsOf(...syscalls: Rules): Readonly<Record<string, unknown>> | undefined {
  const filter = read({ syscalls });
  return filter && Object.fromEntries(filter.calls);
}

function all(...conditions: (readonly [number, Condition])[]): Conjunction {
  return new Map(conditions);
}
const is = (op: Condition["op"], value: bigint, mask = ALL_BITS): Condition => ({ op, value, mask });

/** A behaviour that allows where one of the alternatives holds. */
function where(...alternatives: Conjunction[]): unknown {
  return { alternatives, inside: ALLOW, outside: EPERM };
}

/** What is read of a rule with these conditions. */
function conditionsOf(...args: NonNullable<Rules[number]["args"]>): unknown {
  return callsOf({ names: ["a"], ...allow, args })?.["a"];
}

test("interfaces once each, flags as they are", () => {
  const architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"];
  expect(read({ architectures, flags: ["FLAG"], syscalls: [{ names: ["read"], ...allow }] })).toEqual({
    fallback: EPERM,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    flags: ["FLAG"],
    calls: new Map([["read", whole(ALLOW)]]),
  });
});

test("the default's errno may be written out, if it is the one that counts anyway", () => {
  expect(read({ defaultErrno: { value: 1 } })).toMatchObject({ fallback: EPERM });
  expect(read({ defaultErrno: { value: 2 } })).toBeUndefined();
});

test.each<[string, LinuxSeccompInit]>([
  ["an agent that listens", { listenerPath: "/run/agent.sock" }],
  ["what is told to an agent", { listenerMetadata: "x" }],
  ["a default that asks another process", { defaultAction: "SCMP_ACT_TRACE" }],
  ["no default", { defaultAction: "" }],
])("nobody says what would become of %s", (_what, filter) => {
  expect(read(filter)).toBeUndefined();
});

describe("rules of a call", () => {
  test("that say what happens anyway are skipped, as runc does", () => {
    expect(callsOf({ names: ["read"], action: "SCMP_ACT_ERRNO" })).toEqual({});
    expect(callsOf({ names: ["read"], action: "SCMP_ACT_ERRNO", errnoRet: { value: 1 } })).toEqual({});
    expect(callsOf({ names: ["read"], action: "SCMP_ACT_ERRNO", errnoRet: { value: 38 } })).toEqual({
      read: whole({ kind: "errno", errno: 38 }),
    });
  });

  test("are ORed; one without conditions is all there is to it", () => {
    const first = { names: ["a", "b"], ...allow, args: [{ index: 0, op: "SCMP_CMP_EQ", value: 1n }] };
    const second = { names: ["b", "c"], ...allow, args: [{ index: 0, op: "SCMP_CMP_EQ", value: 2n }] };
    const [one, two] = [all([0, is("eq", 1n)]), all([0, is("eq", 2n)])];
    expect(callsOf(first, second, { names: ["c"], ...allow })).toEqual({
      a: where(one),
      b: where(one, two),
      c: whole(ALLOW),
    });
  });

  test("that disagree are libseccomp's business", () => {
    const other = { names: ["a"], action: "SCMP_ACT_LOG" };
    expect(callsOf({ names: ["a"], ...allow }, other)).toBeUndefined();
    expect(callsOf({ names: ["b"], ...allow }, other)).toBeDefined();
  });

  test("that libseccomp's tree would see in another way are not guessed at, unless one holds always", () => {
    const left = { names: ["a"], ...allow, args: [{ index: 0, op: "SCMP_CMP_EQ", value: 1n }] };
    const right = { names: ["a"], ...allow, args: [{ index: 1, op: "SCMP_CMP_EQ", value: 1n }] };
    expect(callsOf(left, right)).toBeUndefined();
    expect(callsOf(left, right, { names: ["a"], ...allow })).toEqual({ a: whole(ALLOW) });
  });

  test("that are stricter where they hold cannot be said", () => {
    const args = [{ index: 0, op: "SCMP_CMP_EQ", value: 1n }];
    expect(callsOf({ names: ["a"], action: "SCMP_ACT_KILL_PROCESS", args })).toBeUndefined();
    expect(callsOf({ names: ["a"], action: "SCMP_ACT_KILL_PROCESS" })).toBeDefined();
  });

  test.each(["socketcall", "ipc"])("%s with conditions stands for others", (name) => {
    const args = [{ index: 0, op: "SCMP_CMP_EQ", value: 1n }];
    expect(callsOf({ names: ["a", name], ...allow, args })).toBeUndefined();
    expect(callsOf({ names: ["a", name], ...allow })).toEqual({ a: whole(ALLOW), [name]: whole(ALLOW) });
  });
});

describe("conditions", () => {
  test.each(["eq", "ne", "lt", "le", "gt", "ge"] as const)("%s", (op) => {
    const name = `SCMP_CMP_${op.toUpperCase()}`;
    expect(conditionsOf({ index: 3, op: name, value: 5n, valueTwo: 9n })).toEqual(where(all([3, is(op, 5n)])));
  });

  test("masked_eq: the mask is first", () => {
    expect(conditionsOf({ index: 0, op: "SCMP_CMP_MASKED_EQ", value: 0xf0n, valueTwo: 0x30n })).toEqual(
      where(all([0, is("masked_eq", 0x30n, 0xf0n)])),
    );
  });

  test("on several arguments all must hold; two on one argument make each a rule of its own, as in runc", () => {
    const [first, second] = [
      { index: 0, op: "SCMP_CMP_GE", value: 5n },
      { index: 1, op: "SCMP_CMP_EQ", value: 7n },
    ];
    expect(conditionsOf(first, second)).toEqual(where(all([0, is("ge", 5n)], [1, is("eq", 7n)])));
    expect(conditionsOf(first, { ...first, op: "SCMP_CMP_EQ", value: 2n })).toEqual(
      where(all([0, is("ge", 5n)]), all([0, is("eq", 2n)])),
    );
  });

  test.each([
    ["of an argument that there is", { index: 5, op: "SCMP_CMP_EQ", value: 1n }, true],
    ["of one that there is not", { index: 6, op: "SCMP_CMP_EQ", value: 1n }, false],
    ["of 32 bits", { index: 0, op: "SCMP_CMP_EQ", value: 0xffff_ffffn }, true],
    ["of more", { index: 0, op: "SCMP_CMP_EQ", value: 0x1_0000_0000n }, false],
    ["that nothing meets", { index: 0, op: "SCMP_CMP_LT", value: 0n }, false],
    ["that everything meets", { index: 0, op: "SCMP_CMP_GE", value: 0n }, false],
    ["with an operator that nobody knows", { index: 0, op: "SCMP_CMP_LIKE", value: 1n }, false],
  ])("%s", (_what, argument, isRead) => {
    expect(conditionsOf(argument) !== undefined).toBe(isRead);
  });

  test("so many that no rules can say them", () => {
    const args = Array.from({ length: 65 }, (_, at) => ({ index: 0, op: "SCMP_CMP_EQ", value: BigInt(2 * at) }));
    expect(conditionsOf(...args)).toBeUndefined();
    expect(conditionsOf(...args.slice(1))).toBeDefined();
  });
});
