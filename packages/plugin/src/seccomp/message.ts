import type { LinuxSeccompArgInit, LinuxSeccompInit, LinuxSyscallInit } from "@kubefence/nri";
import { ociNameOf, sameAction, type Action } from "./action.ts";
import { isWhole, type Behaviour, type Conjunction } from "./behaviour.ts";
import type { Condition } from "./condition.ts";
import type { Filter } from "./filter.ts";

const OPERATORS: Readonly<Record<Condition["op"], string>> = {
  eq: "SCMP_CMP_EQ",
  ne: "SCMP_CMP_NE",
  lt: "SCMP_CMP_LT",
  le: "SCMP_CMP_LE",
  gt: "SCMP_CMP_GT",
  ge: "SCMP_CMP_GE",
  masked_eq: "SCMP_CMP_MASKED_EQ",
};

/** runc's errno for rules that have none. */
const EPERM = 1;

/** The filter in NRI's words. Calls that are treated alike share a rule. */
export function toMessage({ fallback, architectures, flags, calls }: Filter): LinuxSeccompInit {
  const rules = new Map<string, { rule: LinuxSyscallInit; names: string[] }>();
  for (const [name, does] of calls) {
    for (const rule of rulesOf(does)) {
      const key = JSON.stringify(rule, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
      const entry = rules.get(key) ?? { rule, names: [] };
      entry.names.push(name);
      rules.set(key, entry);
    }
  }
  return {
    defaultAction: ociNameOf(fallback),
    architectures,
    flags,
    syscalls: [...rules.values()].map(({ rule, names }) => ({ names, ...rule })),
  };
}

function rulesOf({ alternatives, inside, outside }: Behaviour): LinuxSyscallInit[] {
  const answer = answerOf(inside);
  if (isWhole({ alternatives, inside, outside })) return [answer];
  return alternatives.map((conjunction) => ({ ...answer, args: argumentsOf(conjunction) }));
}

function answerOf(action: Action): LinuxSyscallInit {
  const hasErrno = action.kind === "errno" && !sameAction(action, { kind: "errno", errno: EPERM });
  return { action: ociNameOf(action), ...(hasErrno && { errnoRet: { value: action.errno } }) };
}

function argumentsOf(conjunction: Conjunction): LinuxSeccompArgInit[] {
  return [...conjunction]
    .toSorted(([left], [right]) => left - right)
    .map(([index, { op, value, mask }]) => ({
      index,
      op: OPERATORS[op],
      ...(op === "masked_eq" ? { value: mask, valueTwo: value } : { value }),
    }));
}
