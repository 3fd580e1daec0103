import {
  decode,
  encode,
  LinuxSeccomp,
  writeLinuxSeccomp,
  type LinuxSeccompInit,
  type LinuxSyscallInit,
} from "@kubefence/nri";
import { describe, expect, test } from "vitest";
import { evaluate } from "../testing/seccomp-evaluator.ts";
import { SeccompDelivery } from "./delivery.ts";
import { POLICY_NAMES, type PolicyName } from "./document.ts";
import { policies } from "./generated/policies.ts";
import { policyFilter } from "./policy.ts";

const ARCHITECTURES = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"];
const ALLOW = { action: "SCMP_ACT_ALLOW" };
const ENOSYS = { action: "SCMP_ACT_ERRNO", errnoRet: { value: 38 } };

function shown(filter: LinuxSeccompInit): LinuxSeccomp {
  return decode(LinuxSeccomp, encode(writeLinuxSeccomp, filter));
}

/** The policies of the table, as a node with x86_64 and a new kernel has them. */
function deliveryOf(name: PolicyName): SeccompDelivery {
  return new SeccompDelivery(name, policyFilter(policies[name](), { architecture: "x86_64", kernel: "6.18.0" }));
}

/** In the shape of containerd's default filter. */
const ordinary: LinuxSeccompInit = {
  defaultAction: "SCMP_ACT_ERRNO",
  architectures: ARCHITECTURES,
  syscalls: [
    { names: ["read", "chroot", "seccomp", "sendto", "socketcall", "ipc", "new_call"], ...ALLOW },
    { names: ["socket"], ...ALLOW, args: [{ index: 0, op: "SCMP_CMP_NE", value: 40n }] },
    { names: ["clone"], ...ALLOW, args: [{ index: 0, op: "SCMP_CMP_MASKED_EQ", value: 0x7e020000n }] },
    { names: ["clone3"], ...ENOSYS },
  ],
};

function deliver(name: PolicyName, theirs: LinuxSeccompInit, runtimeTakesErrno = true): LinuxSeccompInit | undefined {
  return deliveryOf(name).adjustmentFor(shown(theirs), runtimeTakesErrno);
}

function answers(policy: LinuxSeccompInit | undefined, name: string, ...args: bigint[]): string {
  return policy === undefined ? "stacked" : evaluate(policy, { architecture: "SCMP_ARCH_X86_64", name, args });
}

describe("the policies of the table", () => {
  test("an ordinary filter of the pod becomes one with ours", () => {
    const policy = deliver("restricted", ordinary);
    expect(answers(policy, "read")).toBe("SCMP_ACT_ALLOW");
    expect(answers(policy, "write")).toBe("SCMP_ACT_ERRNO 1");
    expect(answers(policy, "new_call")).toBe("SCMP_ACT_ERRNO 1");
    expect(answers(policy, "seccomp")).toBe("SCMP_ACT_ERRNO 1");
    expect(answers(policy, "clone", 0x11n)).toBe("SCMP_ACT_ALLOW");
    expect(answers(policy, "clone", 0x10000011n)).toBe("SCMP_ACT_ERRNO 1");
    expect(answers(policy, "clone3")).toBe("SCMP_ACT_ERRNO 38");
    expect(answers(policy, "socketcall", 1n)).toBe("SCMP_ACT_ERRNO 38");
    expect(answers(policy, "sendto", 3n, 0n, 0n, 0x4000n)).toBe("SCMP_ACT_ALLOW");
    expect(answers(policy, "sendto", 3n, 0n, 0n, 0x20004000n)).toBe("SCMP_ACT_ERRNO 1");
  });

  test.each([
    ["AF_UNIX", 1n, 0n, true],
    ["AF_INET, TCP", 2n, 6n, true],
    ["AF_INET6, any", 10n, 0n, true],
    ["AF_INET, MPTCP", 2n, 262n, false],
    ["AF_INET, MPTCP with a bit above 32", 2n, (1n << 32n) | 262n, false],
    ["AF_INET, SMC", 2n, 256n, false],
    ["AF_NETLINK, route", 16n, 0n, true],
    ["AF_NETLINK, netfilter", 16n, 12n, false],
    ["AF_PACKET, all", 17n, 0x300n, true],
    ["AF_ALG", 38n, 0n, false],
    ["AF_VSOCK", 40n, 0n, false],
    ["AF_VSOCK with a bit above 32", (1n << 32n) | 40n, 0n, false],
    ["AF_SMC", 43n, 0n, false],
    ["AF_XDP", 44n, 0n, true],
    ["a family to come", 46n, 0n, false],
  ])("restricted: socket of %s", (_what, family, protocol, allowed) => {
    const answer = answers(deliver("restricted", ordinary), "socket", family, 1n, protocol);
    expect(answer).toBe(allowed ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO 1");
  });

  test("calls that moby opens with a capability are the runtime's to decide", () => {
    const names = ["chroot", "mount", "bpf", "unshare", "clone", "syslog", "ipc", "socketcall"];
    const privileged = { ...ordinary, syscalls: [{ names, ...ALLOW }] };
    const policy = deliver("runtime-default", privileged);
    for (const name of names)
      expect({ [name]: answers(policy, name, 0x10000000n) }).toEqual({ [name]: "SCMP_ACT_ALLOW" });
  });

  test("but not those that restricted refuses whatever the capabilities", () => {
    const names = ["chroot", "mount", "bpf", "unshare", "syslog", "ipc", "socketcall"];
    const policy = deliver("restricted", { ...ordinary, syscalls: [{ names, ...ALLOW }] });
    expect(names.filter((name) => answers(policy, name) === "SCMP_ACT_ALLOW")).toEqual(["chroot", "syslog", "ipc"]);
  });

  test("a filter that kills goes on doing so, where ours only refuses", () => {
    const killing = { names: ["chroot", "keyctl"], action: "SCMP_ACT_KILL_PROCESS" };
    const policy = deliver("runtime-default", {
      ...ordinary,
      syscalls: [...(ordinary.syscalls ?? []).slice(1), killing, { names: ["ipc", "socketcall"], ...ALLOW }],
    });
    expect(answers(policy, "chroot")).toBe("SCMP_ACT_KILL_PROCESS");
    expect(answers(policy, "keyctl")).toBe("SCMP_ACT_KILL_PROCESS");
    expect(answers(policy, "userfaultfd")).toBe("SCMP_ACT_ERRNO 1");
    expect(answers(policy, "clone")).toBe("SCMP_ACT_ALLOW");
  });

  test("interfaces that the filter does not speak of stay out", () => {
    const native = { ...ordinary, architectures: ["SCMP_ARCH_X86_64"] };
    expect(deliver("restricted", native)?.architectures).toEqual(["SCMP_ARCH_X86_64"]);
  });

  test("the original's know one architecture", () => {
    expect(deliver("original-restricted", ordinary)?.architectures).toEqual(["SCMP_ARCH_X86_64"]);
  });

  test.each(POLICY_NAMES)("%s: no rule names an argument twice", (name) => {
    const rules = deliver(name, ordinary)?.syscalls ?? [];
    expect(rules).not.toEqual([]);
    for (const { args = [] } of rules) expect(new Set(args.map(({ index }) => index)).size).toBe(args.length);
  });

  test("with privileges of another kernel: process_vm_readv needs 4.8", () => {
    const names = ["process_vm_readv", "socketcall", "ipc"];
    const machine = { architecture: "x86_64", kernel: "4.4.0-generic" } as const;
    const old = new SeccompDelivery("runtime-default", policyFilter(policies["runtime-default"](), machine));
    const filter = shown({ ...ordinary, syscalls: [{ names, ...ALLOW }] });
    expect(answers(old.adjustmentFor(filter, true), "process_vm_readv")).toBe("SCMP_ACT_ALLOW");
    expect(answers(deliveryOf("restricted").adjustmentFor(filter, true), "process_vm_readv")).toBe("SCMP_ACT_ERRNO 1");
  });
});

describe("the launcher stacks ours", () => {
  test("where the runtime shows no filter", () => {
    expect(deliveryOf("restricted").adjustmentFor(undefined, true)).toBeUndefined();
  });

  test("below NRI 0.12, where a rule would need an errno", () => {
    expect(deliver("restricted", ordinary, false)).toBeUndefined();
    const plain = { ...ordinary, syscalls: [{ names: ["read", "socketcall", "ipc"], ...ALLOW }] };
    expect(deliver("runtime-default", plain, false)).toBeDefined();
  });

  const other = (rule: LinuxSyscallInit): LinuxSeccompInit => ({
    ...ordinary,
    syscalls: [...(ordinary.syscalls ?? []), rule],
  });
  test.each<[string, LinuxSeccompInit]>([
    ["another process decides about a call", other({ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" })],
    ["there is a listener", { ...ordinary, listenerPath: "/run/agent.sock" }],
    ["two rules of one call disagree", other({ names: ["read"], ...ENOSYS })],
    ["refusals have an errno that NRI loses", { ...ordinary, defaultErrno: { value: 38 } }],
    [
      "it allows what no rule forbids",
      { ...ordinary, defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["chroot"], ...ENOSYS }] },
    ],
    [
      "a rule of arguments kills",
      other({ names: ["mkdir"], action: "SCMP_ACT_KILL", args: [{ index: 0, op: "SCMP_CMP_EQ", value: 0n }] }),
    ],
    ["the default kills, where ours has to answer", { ...ordinary, defaultAction: "SCMP_ACT_KILL" }],
    [
      "a value has more than 32 bits",
      other({ names: ["mkdir"], ...ALLOW, args: [{ index: 0, op: "SCMP_CMP_NE", value: 1n << 40n }] }),
    ],
    [
      "32-bit programs reach sockets in a way that the filter does not name",
      { ...ordinary, syscalls: [{ names: ["socket", "ipc"], ...ALLOW }] },
    ],
    ["an action is unknown", other({ names: ["mkdir"], action: "SCMP_ACT_ASK" })],
    ["an operator is unknown", other({ names: ["mkdir"], ...ALLOW, args: [{ index: 0, op: "SCMP_CMP_LIKE" }] })],
  ])("where %s", (_what, theirs) => {
    expect(deliver("restricted", theirs)).toBeUndefined();
  });
});

test("a filter that is known is not read again", () => {
  const delivery = deliveryOf("restricted");
  const first = delivery.adjustmentFor(shown(ordinary), true);
  for (let other = 0; other < 15; other += 1) {
    delivery.adjustmentFor(shown({ ...ordinary, syscalls: [{ names: [`call${other}`], ...ALLOW }] }), true);
  }
  expect(delivery.adjustmentFor(shown(ordinary), true)).toBe(first);
});

test("sixteen are known, the last used", () => {
  const delivery = deliveryOf("restricted");
  const read = (name: string): LinuxSeccompInit | undefined =>
    delivery.adjustmentFor(shown({ ...ordinary, syscalls: [{ names: [name, "socketcall", "ipc"], ...ALLOW }] }), true);
  const first = read("read");
  const second = read("write");
  for (let other = 0; other < 14; other += 1) read(`call${other}`);
  // Asked for again, the first one is not the oldest any more.
  expect(read("read")).toBe(first);
  read("call14");
  expect(read("read")).toBe(first);
  expect(read("write")).not.toBe(second);
  expect(read("write")).toEqual(second);
});
