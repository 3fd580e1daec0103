import { isAtLeast, parseVersion } from "@kubefence/nri";
import { ALLOW, type Action } from "./action.ts";
import { behaviour, type Behaviour, type Conjunction } from "./behaviour.ts";
import { ALL_BITS } from "./condition.ts";
import type { PolicyDocument, RuleDocument } from "./document.ts";
import type { Filter } from "./filter.ts";

/** What decides which rules of a policy count. */
export interface Machine {
  readonly architecture: "x86_64" | "aarch64";
  /** `uname -r` */
  readonly kernel: string;
}

const OCI_ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "SCMP_ARCH_X86_64",
  x86: "SCMP_ARCH_X86",
  x32: "SCMP_ARCH_X32",
  aarch64: "SCMP_ARCH_AARCH64",
  arm: "SCMP_ARCH_ARM",
};

/**
 * A policy of ours for a machine, with everything open that depends on capabilities: the filter it is intersected with
 * was made for the container's own.
 */
export function policyFilter(document: PolicyDocument, machine: Machine): Filter {
  const interfaces = document.architectures[machine.architecture];
  const fallback: Action = { kind: "errno", errno: document.default.errno };
  const found = new Map<string, { action: Action; alternatives: Conjunction[] }>();
  for (const rule of document.rules) {
    if (!counts(rule, interfaces, machine.kernel)) continue;
    const action: Action = rule.action === "allow" ? ALLOW : { kind: "errno", errno: rule.action.errno };
    for (const name of rule.names) {
      const entry = found.get(name) ?? { action, alternatives: [] };
      entry.alternatives.push(conjunctionOf(rule));
      found.set(name, entry);
    }
  }
  const calls = new Map<string, Behaviour>();
  for (const [name, { action, alternatives }] of found) {
    const does = behaviour(alternatives, action, fallback);
    if (does === undefined) throw new Error(`seccomp policy ${document.policy}: too many rules for ${name}`);
    calls.set(name, does);
  }
  const architectures = interfaces.map((name) => OCI_ARCHITECTURES[name] ?? name);
  return { fallback, architectures, flags: [], calls };
}

function counts(rule: RuleDocument, interfaces: readonly string[], kernel: string): boolean {
  if (rule.caps_none !== undefined) return false;
  if (rule.arches !== undefined && !rule.arches.some((name) => interfaces.includes(name))) return false;
  const [running, least] = [parseVersion(kernel), parseVersion(rule.min_kernel ?? "")];
  return least === undefined || (running !== undefined && isAtLeast(running, least));
}

function conjunctionOf({ args = [] }: RuleDocument): Conjunction {
  return new Map(
    args.map(({ index, op, value, mask }) => [
      index,
      { op, value: BigInt(value), mask: mask === undefined ? ALL_BITS : BigInt(mask) },
    ]),
  );
}
