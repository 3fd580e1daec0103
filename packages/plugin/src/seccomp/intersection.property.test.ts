import {
  decode,
  encode,
  LinuxSeccomp,
  writeLinuxSeccomp,
  type LinuxSeccompInit,
  type LinuxSyscallInit,
} from "@kubefence/nri";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate, type SampleCall } from "../testing/seccomp-evaluator.ts";
import { SeccompDelivery } from "./delivery.ts";
import type { Filter } from "./filter.ts";
import { readShownFilter } from "./shown.ts";

const ARCHITECTURES = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"];
const CALLS = ["read", "socket", "socketcall", "bind", "sendto", "clone", "keyctl"];
const NUMBERS = [
  0n,
  1n,
  2n,
  3n,
  11n,
  16n,
  38n,
  39n,
  40n,
  0x7e020000n,
  0x80000000n,
  0xffffffffn,
  1n << 32n,
  (1n << 64n) - 1n,
];

function shown(filter: LinuxSeccompInit): LinuxSeccomp {
  return decode(LinuxSeccomp, encode(writeLinuxSeccomp, filter));
}

const number = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) },
  { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: 45n }) },
);
const argument = fc.record({
  index: fc.nat(2),
  op: fc.constantFrom("EQ", "NE", "LT", "LE", "GT", "GE", "MASKED_EQ").map((name) => `SCMP_CMP_${name}`),
  value: number,
  valueTwo: number,
});
const ALLOW = { action: "SCMP_ACT_ALLOW" };
const EPERM = { action: "SCMP_ACT_ERRNO" };
const ENOSYS = { action: "SCMP_ACT_ERRNO", errnoRet: { value: 38 } };
const RARE = ["LOG", "TRAP", "KILL", "KILL_PROCESS", "NOTIFY", "TRACE"].map((name) => ({ action: `SCMP_ACT_${name}` }));

function rules(actions: fc.Arbitrary<LinuxSyscallInit>): fc.Arbitrary<LinuxSyscallInit[]> {
  const names = fc.uniqueArray(fc.constantFrom(...CALLS), { minLength: 1, maxLength: 4 });
  const args = fc.oneof(fc.constant([]), fc.array(argument, { maxLength: 3 }));
  const rule = fc.record({ names, action: actions, args });
  return fc.array(
    rule.map(({ action, ...rest }) => ({ ...rest, ...action })),
    { maxLength: 5 },
  );
}

/** As ours are: what no rule allows gets EPERM. */
const ourFilter: fc.Arbitrary<LinuxSeccompInit> = fc.record({
  defaultAction: fc.constant("SCMP_ACT_ERRNO"),
  architectures: fc.constant(ARCHITECTURES),
  syscalls: rules(fc.constantFrom(ALLOW, ALLOW, ALLOW, EPERM, ENOSYS)),
});
/** As anybody may write one. */
const podFilter: fc.Arbitrary<LinuxSeccompInit> = fc.record({
  defaultAction: fc.constantFrom(
    ...["ERRNO", "ERRNO", "ERRNO", "ERRNO", "ALLOW", "KILL_PROCESS", "LOG"].map((name) => `SCMP_ACT_${name}`),
  ),
  architectures: fc.oneof(fc.constant(ARCHITECTURES), fc.subarray(ARCHITECTURES)),
  syscalls: rules(fc.constantFrom(ALLOW, ALLOW, ALLOW, ALLOW, ALLOW, ALLOW, EPERM, ENOSYS, ...RARE)),
});
const call: fc.Arbitrary<SampleCall> = fc
  .record({
    architecture: fc.constantFrom(...ARCHITECTURES),
    name: fc.constantFrom(...CALLS),
    args: fc.array(number, { minLength: 3, maxLength: 3 }),
  })
  .map(({ args, ...rest }) => ({
    ...rest,
    args: rest.architecture === "SCMP_ARCH_X86_64" ? args : args.map((value) => BigInt.asUintN(32, value)),
  }));

const STRICTEST_FIRST = ["KILL_PROCESS", "KILL_THREAD", "TRAP", "ERRNO", "LOG", "ALLOW"].map(
  (name) => `SCMP_ACT_${name}`,
);

function strictness(answer: string): number {
  return STRICTEST_FIRST.indexOf(answer.split(" ")[0] ?? "");
}

/** What the kernel answers when it has both. */
function both(ours: string, theirs: string): string {
  return strictness(theirs) < strictness(ours) ? theirs : ours;
}

/** A filter of ours, which libseccomp does not compile: it opens no socketcall for a rule of socket. */
function evaluateOurs(ours: LinuxSeccompInit, sample: SampleCall): string {
  const withoutCarried = {
    ...ours,
    architectures: ARCHITECTURES,
    syscalls: ours.syscalls?.filter((each) => each.names?.includes(sample.name)),
  };
  const only = {
    ...withoutCarried,
    syscalls: withoutCarried.syscalls?.map((each) => ({ ...each, names: [sample.name] })),
  };
  return evaluate(only, sample);
}

function readOurs(ours: LinuxSeccompInit): Filter {
  const read = readShownFilter(shown(ours));
  fc.pre(read !== undefined);
  return read;
}

describe("what is delivered as the container's filter", () => {
  test("answers every call as the kernel would with both filters", () => {
    let delivered = 0;
    fc.assert(
      fc.property(ourFilter, podFilter, fc.array(call, { minLength: 20, maxLength: 20 }), (ours, theirs, samples) => {
        const delivery = new SeccompDelivery("restricted", readOurs(ours));
        const policy = delivery.adjustmentFor(shown(theirs), true);
        // Then the launcher adds ours to theirs, and the kernel has both.
        if (policy === undefined) return;
        delivered += 1;
        for (const sample of samples) {
          const answer = both(evaluateOurs(ours, sample), evaluate(theirs, sample));
          expect({ ...sample, answer: evaluate(policy, sample) }).toEqual({ ...sample, answer });
        }
      }),
      { numRuns: 3000 },
    );
    expect(delivered).toBeGreaterThan(300);
  });
});
