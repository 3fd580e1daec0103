import type { LinuxSeccomp, LinuxSeccompArg } from "@kubefence/nri";
import { actionOf, sameAction, type Action } from "./action.ts";
import { behaviour, whole, type Behaviour, type Conjunction } from "./behaviour.ts";
import { ALL_BITS, fitsInHalf, isAlways, isNever, type Condition } from "./condition.ts";
import type { Filter } from "./filter.ts";
import { MULTIPLEXERS } from "./multiplexers.ts";
import { isTree } from "./tree.ts";

const OPERATORS: ReadonlyMap<string, Condition["op"]> = new Map([
  ["SCMP_CMP_EQ", "eq"],
  ["SCMP_CMP_NE", "ne"],
  ["SCMP_CMP_LT", "lt"],
  ["SCMP_CMP_LE", "le"],
  ["SCMP_CMP_GT", "gt"],
  ["SCMP_CMP_GE", "ge"],
  ["SCMP_CMP_MASKED_EQ", "masked_eq"],
] as const);

const EPERM = 1;
const LAST_ARGUMENT = 5;

interface CallRules {
  readonly action: Action;
  readonly alternatives: Conjunction[];
}

/**
 * The container's own filter, as runc and libseccomp understand it. Undefined where they could see it in another way
 * than we do, or where NRI would not carry it back whole.
 */
export function readShownFilter(shown: LinuxSeccomp): Filter | undefined {
  const { defaultErrno, architectures, flags, listenerPath, listenerMetadata } = shown;
  const fallback = actionOf(shown.defaultAction);
  if (fallback === undefined || listenerPath !== "" || listenerMetadata !== "") return undefined;
  // No runtime takes a default errno from a plugin.
  if (defaultErrno !== undefined && defaultErrno.value !== EPERM) return undefined;

  const rules = collectRules(shown, fallback);
  if (rules === undefined) return undefined;
  const calls = new Map<string, Behaviour>();
  for (const [name, { action, alternatives }] of rules) {
    const isUnconditional = alternatives.some(({ size }) => size === 0);
    if (!isUnconditional && !isTree(alternatives)) return undefined;
    const does = isUnconditional ? whole(action) : behaviour(alternatives, action, fallback);
    if (does === undefined) return undefined;
    calls.set(name, does);
  }
  return { fallback, architectures: [...new Set(architectures)], flags, calls };
}

function collectRules({ syscalls }: LinuxSeccomp, fallback: Action): Map<string, CallRules> | undefined {
  const rules = new Map<string, CallRules>();
  for (const { names, action: ociName, errnoRet, args } of syscalls) {
    const action = actionOf(ociName, errnoRet?.value);
    const alternatives = readArguments(args);
    if (action === undefined || alternatives === undefined) return undefined;
    // runc skips it.
    if (sameAction(action, fallback)) continue;
    for (const name of names) {
      if (args.length > 0 && MULTIPLEXERS.some((multiplexer) => multiplexer.name === name)) return undefined;
      const known = rules.get(name);
      // Which of two actions counts is libseccomp's business.
      if (known !== undefined && !sameAction(known.action, action)) return undefined;
      if (known === undefined) rules.set(name, { action, alternatives: [...alternatives] });
      else known.alternatives.push(...alternatives);
    }
  }
  return rules;
}

/** runc makes an OR of a rule's conditions if two are on one argument: https://github.com/opencontainers/runc/issues/2735 */
function readArguments(args: readonly LinuxSeccompArg[]): readonly Conjunction[] | undefined {
  const conditions: (readonly [number, Condition])[] = [];
  for (const argument of args) {
    const condition = readCondition(argument);
    if (condition === undefined || argument.index > LAST_ARGUMENT) return undefined;
    conditions.push([argument.index, condition]);
  }
  const distinct = new Map(conditions);
  return distinct.size === conditions.length ? [distinct] : conditions.map((condition) => new Map([condition]));
}

function readCondition({ op: name, value, valueTwo }: LinuxSeccompArg): Condition | undefined {
  const op = OPERATORS.get(name);
  if (op === undefined) return undefined;
  const condition = op === "masked_eq" ? { op, value: valueTwo, mask: value } : { op, value, mask: ALL_BITS };
  // One that decides nothing is a mistake, and counts for libseccomp all the same.
  return fitsInHalf(condition) && !isNever(condition) && !isAlways(condition) ? condition : undefined;
}
