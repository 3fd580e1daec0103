import type { PolicyDocument, PolicyName, RuleDocument } from "../../src/seccomp/document.ts";
import type { Alternative } from "./cell.ts";
import type { CallRow } from "./table.ts";

const EPERM = 1;
const ENOSYS = 38;

/** The policy as the table has it; calls with the same conditions share a rule. */
export function documentOf(policy: PolicyName, rows: readonly CallRow[]): PolicyDocument {
  const rules = new Map<string, RuleDocument>();
  for (const { call, policies } of rows) {
    for (const alternative of policies[policy]) {
      const conditions = conditionsOf(alternative);
      const key = JSON.stringify(conditions);
      rules.set(key, { names: [...(rules.get(key)?.names ?? []), call], ...conditions });
    }
  }
  return {
    policy,
    default: { action: "errno", errno: EPERM },
    unknown_calls: { action: "errno", errno: ENOSYS },
    // The original knew one architecture.
    architectures: policy.startsWith("original-")
      ? { x86_64: ["x86_64"], aarch64: ["aarch64"] }
      : { x86_64: ["x86_64", "x86", "x32"], aarch64: ["aarch64", "arm"] },
    other_architectures: { action: "kill_process" },
    rules: [...rules.values()],
  };
}

function conditionsOf({ errno, capsAny, capsNone, arches, minKernel, args }: Alternative): Omit<RuleDocument, "names"> {
  return {
    action: errno === undefined ? "allow" : { errno },
    ...(args.length > 0 && {
      args: args.map(({ index, op, value, mask }) => ({
        index,
        op,
        value: String(value),
        ...(op === "masked_eq" && { mask: String(mask) }),
      })),
    }),
    ...(capsAny.length > 0 && { caps_any: capsAny }),
    ...(capsNone.length > 0 && { caps_none: capsNone }),
    ...(arches.length > 0 && { arches }),
    ...(minKernel !== "" && { min_kernel: minKernel }),
  };
}
