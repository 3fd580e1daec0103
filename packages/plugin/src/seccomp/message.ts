import type { LinuxSeccompArgInit, LinuxSeccompInit, LinuxSyscallInit } from "@kubefence/nri";
import { ociNameOf, sameAction, type Action } from "./action.ts";
import { isWhole, type Conjunction } from "./behaviour.ts";
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
  const add = (key: string, name: string, makeRule: () => LinuxSyscallInit): void => {
    const entry = rules.get(key) ?? { rule: makeRule(), names: [] };
    entry.names.push(name);
    rules.set(key, entry);
  };
  for (const [name, does] of calls) {
    const { kind, errno } = does.inside;
    if (isWhole(does)) add(`${kind} ${errno}`, name, () => answerOf(does.inside));
    else {
      for (const conjunction of does.alternatives) {
        const args = argumentsOf(conjunction);
        const shown = args.map(({ index, op, value, valueTwo }) => `${index} ${op} ${value} ${valueTwo}`);
        add(`${kind} ${errno} ${shown.join()}`, name, () => ({ ...answerOf(does.inside), args }));
      }
    }
  }
  return {
    defaultAction: ociNameOf(fallback),
    architectures,
    flags,
    syscalls: [...rules.values()].map(({ rule, names }) => ({ names, ...rule })),
  };
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
