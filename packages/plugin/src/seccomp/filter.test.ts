import { describe, expect, test } from "vitest";
import { ALLOW, type Action } from "./action.ts";
import { whole, type Behaviour } from "./behaviour.ts";
import { ALL_BITS, type Condition } from "./condition.ts";
import { intersect, type Filter } from "./filter.ts";
import { MULTIPLEXERS } from "./multiplexers.ts";

const EPERM: Action = { kind: "errno", errno: 1 };
const ENOSYS: Action = { kind: "errno", errno: 38 };
const KILL: Action = { kind: "kill_process", errno: 0 };
const eq = (value: bigint): Condition => ({ op: "eq", value, mask: ALL_BITS });

function filter(calls: Readonly<Record<string, Behaviour>>, changes: Partial<Filter> = {}): Filter {
  const architectures = ["SCMP_ARCH_X86_64"];
  return { fallback: EPERM, architectures, flags: [], calls: new Map(Object.entries(calls)), ...changes };
}

/** Allowed where one of the conditions holds, each on the argument of its index. */
function allowedWhere(...conditions: (readonly [number, Condition])[]): Behaviour {
  return { alternatives: conditions.map((condition) => new Map([condition])), inside: ALLOW, outside: EPERM };
}

function callsOf(ours: Filter, theirs: Filter): Readonly<Record<string, Behaviour>> | undefined {
  const both = intersect(ours, theirs);
  return both && Object.fromEntries(both.calls);
}

test("allowed is what both allow; what gets the answer of the rest has no entry", () => {
  const ours = filter({ read: whole(ALLOW), write: whole(ALLOW), clone: whole(ENOSYS) });
  const theirs = filter({ read: whole(ALLOW), mount: whole(ALLOW), clone: whole(ALLOW) });
  expect(callsOf(ours, theirs)).toEqual({ read: whole(ALLOW), clone: whole(ENOSYS) });
});

test("of two refusals the stricter counts", () => {
  const ours = filter({ clone: whole(KILL), mount: whole(ENOSYS), bpf: whole(ALLOW) });
  const theirs = filter({ clone: whole(ENOSYS), mount: whole(KILL), bpf: whole(KILL) });
  expect(callsOf(ours, theirs)).toEqual({ clone: whole(KILL), mount: whole(KILL), bpf: whole(KILL) });
});

describe("the rest", () => {
  test("is theirs, if that is at least as strict as ours", () => {
    const killing = filter({ read: whole(ALLOW) }, { fallback: KILL });
    expect(intersect(filter({ read: whole(ALLOW) }), killing)).toMatchObject({ fallback: KILL });
    const otherErrno = filter({ read: whole(ALLOW) }, { fallback: ENOSYS });
    expect(intersect(filter({ read: whole(ALLOW) }), otherErrno)).toMatchObject({ fallback: ENOSYS });
  });

  test("is not to be turned into a list of allowed calls", () => {
    expect(intersect(filter({ read: whole(ALLOW) }), filter({}, { fallback: ALLOW }))).toBeUndefined();
    const open = filter({}, { fallback: ALLOW });
    expect(intersect(open, filter({ mount: whole(EPERM) }, { fallback: ALLOW }))).toMatchObject({ fallback: ALLOW });
  });
});

test("interfaces are those that both have; flags are theirs", () => {
  const ours = filter({}, { architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"], flags: ["OURS"] });
  const theirs = filter({}, { architectures: ["SCMP_ARCH_X32", "SCMP_ARCH_ARM"], flags: ["SECCOMP_FILTER_FLAG_LOG"] });
  expect(intersect(ours, theirs)).toMatchObject({
    architectures: ["SCMP_ARCH_X32"],
    flags: ["SECCOMP_FILTER_FLAG_LOG"],
  });
});

describe("conditions", () => {
  test("stay, as far as libseccomp can be told", () => {
    const only = allowedWhere([0, eq(1n)], [0, eq(2n)]);
    expect(callsOf(filter({ socket: only }), filter({ socket: whole(ALLOW) }))).toEqual({ socket: only });
    expect(callsOf(filter({ socket: only }), filter({}))).toEqual({});
  });

  test.each<[string, Behaviour, Behaviour]>([
    ["no tree", allowedWhere([0, eq(1n)], [1, eq(2n)]), whole(ALLOW)],
    ["more than 32 bits", allowedWhere([0, eq(1n)], [0, eq(1n << 32n)]), whole(ALLOW)],
    [
      "more than 32 bits of one argument",
      {
        ...allowedWhere(),
        alternatives: [
          new Map([
            [0, eq(1n)],
            [1, eq(1n << 32n)],
          ]),
        ],
      },
      whole(ALLOW),
    ],
    ["an answer outside that is not the rest's", { ...allowedWhere([0, eq(1n)]), outside: ENOSYS }, whole(ALLOW)],
  ])("make the launcher do it: %s", (_what, ours, theirs) => {
    expect(intersect(filter({ socket: ours }), filter({ socket: theirs }))).toBeUndefined();
  });
});

describe("calls of 32-bit x86 that stand for others", () => {
  const x86 = { architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] };
  const allow = (...names: string[]): Filter =>
    filter(Object.fromEntries(names.map((name) => [name, whole(ALLOW)])), x86);

  test("both are known, with what they carry", () => {
    expect(MULTIPLEXERS.map(({ name }) => name)).toEqual(["socketcall", "ipc"]);
    expect(MULTIPLEXERS[0]?.carried).toHaveLength(20);
    expect(MULTIPLEXERS[1]?.carried).toHaveLength(12);
  });

  test.each(MULTIPLEXERS.flatMap(({ name, carried }) => carried.map((call) => [name, call] as const)))(
    "%s would be opened by %s, unless it has a rule",
    (name, call) => {
      expect(intersect(allow(call, name), allow(call))).toBeUndefined();
      // Refused as everything else is, ours has no rule for it: libseccomp would make one.
      expect(intersect(allow(call), allow(call, name))).toBeUndefined();
      expect(intersect(allow(call, name), allow(call, name))).toBeDefined();
      expect(intersect(filter({ [call]: whole(ALLOW) }), allow(call))).toBeDefined();
    },
  );

  test("nothing carried, nothing opened", () => {
    expect(intersect(allow("read"), allow("read"))).toBeDefined();
  });
});
