import { describe, expect, test } from "vitest";
import { ALLOW, type Action } from "./action.ts";
import { whole, type Behaviour } from "./behaviour.ts";
import { ALL_BITS } from "./condition.ts";
import type { PolicyDocument, RuleDocument } from "./document.ts";
import { policyFilter, type Machine } from "./policy.ts";

const EPERM: Action = { kind: "errno", errno: 1 };
const X86_64: Machine = { architecture: "x86_64", kernel: "6.18.44-cloud" };

function documentOf(...rules: RuleDocument[]): PolicyDocument {
  return {
    policy: "restricted",
    default: { action: "errno", errno: 1 },
    unknown_calls: { action: "errno", errno: 1 },
    architectures: { x86_64: ["x86_64", "x86", "x32"], aarch64: ["aarch64", "arm"] },
    other_architectures: { action: "kill_process" },
    rules,
  };
}

function callsOf(machine: Machine, ...rules: RuleDocument[]): Readonly<Record<string, Behaviour>> {
  return Object.fromEntries(policyFilter(documentOf(...rules), machine).calls);
}

test("the interfaces of the machine, in the OCI's names; what no rule allows gets the policy's errno", () => {
  expect(policyFilter(documentOf(), X86_64)).toEqual({
    fallback: EPERM,
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
    flags: [],
    calls: new Map(),
  });
  const arm = { ...documentOf(), default: { action: "errno", errno: 38 } } as const;
  expect(policyFilter(arm, { ...X86_64, architecture: "aarch64" })).toMatchObject({
    fallback: { kind: "errno", errno: 38 },
    architectures: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
  });
});

test("a rule is its calls' answer; an errno need not be the policy's", () => {
  expect(
    callsOf(X86_64, { names: ["read", "write"], action: "allow" }, { names: ["clone3"], action: { errno: 38 } }),
  ).toEqual({ read: whole(ALLOW), write: whole(ALLOW), clone3: whole({ kind: "errno", errno: 38 }) });
});

test("conditions of a rule are ANDed, rules of a call ORed", () => {
  const calls = callsOf(
    X86_64,
    {
      names: ["socket"],
      action: "allow",
      args: [
        { index: 0, op: "eq", value: "16" },
        { index: 2, op: "masked_eq", value: "2", mask: "4294967295" },
      ],
    },
    { names: ["socket"], action: "allow", args: [{ index: 0, op: "le", value: "2" }] },
  );
  expect(calls).toEqual({
    socket: {
      alternatives: [
        new Map([
          [0, { op: "eq", value: 16n, mask: ALL_BITS }],
          [2, { op: "masked_eq", value: 2n, mask: 0xffff_ffffn }],
        ]),
        new Map([[0, { op: "le", value: 2n, mask: ALL_BITS }]]),
      ],
      inside: ALLOW,
      outside: EPERM,
    },
  });
});

describe("rules that count", () => {
  test.each<[string, Partial<RuleDocument>, Machine, boolean]>([
    ["of any machine", {}, X86_64, true],
    ["that a capability opens", { caps_any: ["CAP_SYS_ADMIN"] }, X86_64, true],
    ["that hold without a capability", { caps_none: ["CAP_SYS_ADMIN"] }, X86_64, false],
    ["of this interface", { arches: ["aarch64", "x32"] }, X86_64, true],
    ["of another machine", { arches: ["aarch64", "arm"] }, X86_64, false],
    ["of this kernel", { min_kernel: "6.18" }, X86_64, true],
    ["of an older one", { min_kernel: "4.8" }, X86_64, true],
    ["of a newer one", { min_kernel: "6.19" }, X86_64, false],
    ["of any kernel, where its version cannot be read", {}, { ...X86_64, kernel: "unknown" }, true],
    ["of a kernel, where its version cannot be read", { min_kernel: "4.8" }, { ...X86_64, kernel: "unknown" }, false],
  ])("%s", (_what, changes, machine, does) => {
    expect(Object.keys(callsOf(machine, { names: ["call"], action: "allow", ...changes }))).toEqual(
      does ? ["call"] : [],
    );
  });
});

test("a policy with more than a filter can say is a mistake of ours", () => {
  const many = Array.from({ length: 65 }, (_, value): RuleDocument => {
    return { names: ["ioctl"], action: "allow", args: [{ index: 1, op: "eq", value: `${value}` }] };
  });
  expect(() => callsOf(X86_64, ...many)).toThrow("seccomp policy restricted: too many rules for ioctl");
});
