/** The policies that the configuration can name, in the order of the table seccomp/calls.tsv. */
export const POLICY_NAMES = [
  "runtime-default",
  "restricted",
  "original-runtime-default",
  "original-restricted",
] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** One rule: its conditions are ANDed, the rules of one call ORed. */
export interface RuleDocument {
  readonly names: readonly string[];
  readonly action: "allow" | { readonly errno: number };
  readonly args?: readonly ArgumentDocument[];
  readonly caps_any?: readonly string[];
  readonly caps_none?: readonly string[];
  readonly arches?: readonly string[];
  /** `major.minor` */
  readonly min_kernel?: string;
}

/** A comparison of all 64 bits; numbers in decimal. */
export interface ArgumentDocument {
  readonly index: number;
  readonly op: "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "masked_eq";
  readonly value: string;
  readonly mask?: string;
}

/** A whole policy, for a compiler that does not know the table. seccomp/README.md describes the members. */
export interface PolicyDocument {
  readonly policy: PolicyName;
  readonly default: { readonly action: "errno"; readonly errno: number };
  readonly unknown_calls: { readonly action: "errno"; readonly errno: number };
  /** By the machine's own architecture. */
  readonly architectures: Readonly<Record<"x86_64" | "aarch64", readonly string[]>>;
  readonly other_architectures: { readonly action: "kill_process" };
  readonly rules: readonly RuleDocument[];
}

/** True for a name that the configuration may have. */
export function isPolicyName(name: string): name is PolicyName {
  return POLICY_NAMES.some((known) => known === name);
}
