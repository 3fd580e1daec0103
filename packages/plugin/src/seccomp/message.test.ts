import { expect, test } from "vitest";
import { ALLOW, type Action } from "./action.ts";
import { whole, type Behaviour } from "./behaviour.ts";
import { ALL_BITS, type Condition, type Operator } from "./condition.ts";
import type { Filter } from "./filter.ts";
import { toMessage } from "./message.ts";

const EPERM: Action = { kind: "errno", errno: 1 };
const ENOSYS: Action = { kind: "errno", errno: 38 };
const is = (op: Operator, value: bigint, mask = ALL_BITS): Condition => ({ op, value, mask });

function filter(calls: readonly (readonly [string, Behaviour])[]): Filter {
  return { fallback: EPERM, architectures: ["SCMP_ARCH_X86_64"], flags: ["FLAG"], calls: new Map(calls) };
}

/** Allowed where one of the alternatives holds. */
function where(...alternatives: [number, Condition][][]): Behaviour {
  return { alternatives: alternatives.map((conditions) => new Map(conditions)), inside: ALLOW, outside: EPERM };
}

function rule(names: string[], ...args: unknown[]): unknown {
  return { names, action: "SCMP_ACT_ALLOW", args };
}

function refusedWith(inside: Action): Behaviour {
  return { ...where([[0, is("eq", 1n)]]), inside, outside: { kind: "kill_process", errno: 0 } };
}

test("calls that are treated alike share a rule; EPERM is not written", () => {
  const message = toMessage(
    filter([
      ["read", whole(ALLOW)],
      ["clone3", whole(ENOSYS)],
      ["write", whole(ALLOW)],
      ["mount", whole({ kind: "kill_process", errno: 0 })],
      ["bpf", whole(EPERM)],
    ]),
  );
  expect(message).toEqual({
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: ["SCMP_ARCH_X86_64"],
    flags: ["FLAG"],
    syscalls: [
      { names: ["read", "write"], action: "SCMP_ACT_ALLOW" },
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: { value: 38 } },
      { names: ["mount"], action: "SCMP_ACT_KILL_PROCESS" },
      { names: ["bpf"], action: "SCMP_ACT_ERRNO" },
    ],
  });
});

test("each alternative is a rule, with its arguments in order", () => {
  const message = toMessage(
    filter([
      [
        "socket",
        where(
          [
            [2, is("le", 7n)],
            [0, is("eq", 1n)],
          ],
          [[0, is("eq", 2n)]],
        ),
      ],
      ["socketpair", where([[0, is("eq", 2n)]])],
      ["bind", where([[0, is("eq", 3n)]])],
      ["clone", where([[0, is("masked_eq", 0n, 0x7e02_0000n)]])],
      ["clone2", where([[0, is("masked_eq", 2n, 0x7e02_0000n)]])],
      ["read", whole(ALLOW)],
    ]),
  );
  expect(message.syscalls).toEqual([
    rule(["socket"], { index: 0, op: "SCMP_CMP_EQ", value: 1n }, { index: 2, op: "SCMP_CMP_LE", value: 7n }),
    rule(["socket", "socketpair"], { index: 0, op: "SCMP_CMP_EQ", value: 2n }),
    rule(["bind"], { index: 0, op: "SCMP_CMP_EQ", value: 3n }),
    rule(["clone"], { index: 0, op: "SCMP_CMP_MASKED_EQ", value: 0x7e02_0000n, valueTwo: 0n }),
    rule(["clone2"], { index: 0, op: "SCMP_CMP_MASKED_EQ", value: 0x7e02_0000n, valueTwo: 2n }),
    { names: ["read"], action: "SCMP_ACT_ALLOW" },
  ]);
});

test("refusals of two kinds are two rules, with the same arguments too", () => {
  const calls = [
    ["a", refusedWith(EPERM)],
    ["b", refusedWith(ENOSYS)],
    ["c", refusedWith({ kind: "trap", errno: 0 })],
  ] as const;
  expect(toMessage(filter(calls)).syscalls?.map(({ names, action, errnoRet }) => [names, action, errnoRet])).toEqual([
    [["a"], "SCMP_ACT_ERRNO", undefined],
    [["b"], "SCMP_ACT_ERRNO", { value: 38 }],
    [["c"], "SCMP_ACT_TRAP", undefined],
  ]);
});

test.each(["eq", "ne", "lt", "le", "gt", "ge"] as const)("%s in the OCI's spelling", (op) => {
  expect(toMessage(filter([["a", where([[0, is(op, 5n)]])]])).syscalls?.[0]?.args).toEqual([
    { index: 0, op: `SCMP_CMP_${op.toUpperCase()}`, value: 5n },
  ]);
});
