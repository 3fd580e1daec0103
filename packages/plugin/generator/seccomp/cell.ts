import { ALL_BITS, blocksBetween, type Condition, type Operator } from "../../src/seccomp/condition.ts";

/** What a policy answers when all conditions hold. */
export interface Alternative {
  /** Undefined allows; otherwise the call fails with this errno. */
  readonly errno: number | undefined;
  /** Holds if the bounding set has one of them. */
  readonly capsAny: readonly string[];
  /** Holds if the bounding set has none of them. */
  readonly capsNone: readonly string[];
  readonly arches: readonly string[];
  /** `major.minor`, or "". */
  readonly minKernel: string;
  readonly args: readonly ArgumentCondition[];
}

/** A condition on the argument of that index, 0 to 5. */
export interface ArgumentCondition extends Condition {
  readonly index: number;
}

const ERRNOS: Readonly<Record<string, number>> = { EPERM: 1, ENOSYS: 38 };
const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ["==", "eq"],
  ["!=", "ne"],
  ["<", "lt"],
  ["<=", "le"],
  [">", "gt"],
  [">=", "ge"],
] as const);

/**
 * Reads a cell: `deny`, or alternatives `ACTION [if CONDITION [and CONDITION]…]` between semicolons. ACTION is `allow` or
 * an errno. seccomp/README.md lists the conditions. An alternative with a list of values becomes several.
 */
export function parseAlternatives(cell: string): readonly Alternative[] {
  if (cell === "deny") return [];
  return cell.split("; ").flatMap(parseAlternative);
}

function parseAlternative(text: string): readonly Alternative[] {
  const [action = "", conditions] = text.split(" if ");
  const errno = action === "allow" ? undefined : ERRNOS[action];
  if (action !== "allow" && errno === undefined) throw new Error(`unknown action ${JSON.stringify(action)}`);
  let alternatives: Alternative[] = [{ errno, capsAny: [], capsNone: [], arches: [], minKernel: "", args: [] }];
  for (const condition of conditions?.split(" and ") ?? []) {
    const choices = parseCondition(condition);
    alternatives = alternatives.flatMap((alternative) =>
      choices.map((choice) => ({ ...alternative, ...choice, args: [...alternative.args, ...(choice.args ?? [])] })),
    );
  }
  for (const { args } of alternatives) {
    // runc makes an OR of conditions on one argument: https://github.com/opencontainers/runc/issues/2735
    if (new Set(args.map(({ index }) => index)).size < args.length) throw new Error(`one argument twice: ${text}`);
  }
  return alternatives;
}

/** What the condition says; several when any of them will do. */
function parseCondition(text: string): readonly Partial<Alternative>[] {
  const [first = "", second = ""] = text.split(" ");
  if (first === "cap") return [{ capsAny: capabilities(text.slice("cap ".length)) }];
  if (first === "no" && second === "cap") return [{ capsNone: capabilities(text.slice("no cap ".length)) }];
  if (first === "arch") return [{ arches: second.split(",") }];
  if (first === "kernel" && /^\d+\.\d+$/.test(second)) return [{ minKernel: second }];
  const comparison = /^arg([0-5]) ([=!<>]+) (\w+)$/.exec(text);
  if (comparison) {
    const [, index, operator = "", value = ""] = comparison;
    const op = OPERATORS.get(operator);
    if (op !== undefined) return [{ args: [{ index: Number(index), op, value: BigInt(value), mask: ALL_BITS }] }];
  }
  const masked = /^arg([0-5]) & (\w+) == (\w+)$/.exec(text);
  if (masked) {
    const [, index, mask = "", value = ""] = masked;
    return [{ args: [{ index: Number(index), op: "masked_eq", value: BigInt(value), mask: BigInt(mask) }] }];
  }
  const list = /^arg([0-5]) in ([\d,-]+)$/.exec(text);
  if (list) {
    const [, index, ranges = ""] = list;
    return comparisons(ranges).map((condition) => ({ args: [{ index: Number(index), ...condition }] }));
  }
  throw new Error(`unknown condition ${JSON.stringify(text)}`);
}

function capabilities(text: string): string[] {
  return text.split(" or ").map((name) => `CAP_${name}`);
}

/** `3-9,11` as comparisons: a filter's rule cannot say "from … to" about one argument. */
function comparisons(ranges: string): readonly Condition[] {
  return ranges.split(",").flatMap((range) => {
    const [from = "", to = from] = range.split("-");
    return blocksBetween(BigInt(from), BigInt(to));
  });
}
