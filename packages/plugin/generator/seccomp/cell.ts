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

/** Comparison of all 64 bits of an argument. */
export interface ArgumentCondition {
  readonly index: number;
  readonly op: "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "masked_eq";
  readonly value: bigint;
  /** For masked_eq. */
  readonly mask?: bigint;
}

const ERRNOS: Readonly<Record<string, number>> = { EPERM: 1, ENOSYS: 38 };
const OPERATORS: ReadonlyMap<string, ArgumentCondition["op"]> = new Map([
  ["==", "eq"],
  ["!=", "ne"],
  ["<", "lt"],
  ["<=", "le"],
  [">", "gt"],
  [">=", "ge"],
] as const);
const ALL_BITS = 0xffff_ffff_ffff_ffffn;

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
    if (op !== undefined) return [{ args: [{ index: Number(index), op, value: BigInt(value) }] }];
  }
  const masked = /^arg([0-5]) & (\w+) == (\w+)$/.exec(text);
  if (masked) {
    const [, index, mask = "", value = ""] = masked;
    return [{ args: [{ index: Number(index), op: "masked_eq", value: BigInt(value), mask: BigInt(mask) }] }];
  }
  const list = /^arg([0-5]) in ([\d,-]+)$/.exec(text);
  if (list) {
    const [, index, ranges = ""] = list;
    return blocks(ranges).map((block) => ({ args: [{ index: Number(index), ...block }] }));
  }
  throw new Error(`unknown condition ${JSON.stringify(text)}`);
}

function capabilities(text: string): string[] {
  return text.split(" or ").map((name) => `CAP_${name}`);
}

/** `3-9,11` as equalities and masked equalities: a filter's rule cannot say "from … to" about one argument. */
function blocks(ranges: string): Omit<ArgumentCondition, "index">[] {
  return ranges.split(",").flatMap((range) => {
    const [from = "", to = from] = range.split("-");
    const result: Omit<ArgumentCondition, "index">[] = [];
    for (let start = BigInt(from); start <= BigInt(to);) {
      let size = 1n;
      while (start % (size * 2n) === 0n && start + size * 2n - 1n <= BigInt(to)) size *= 2n;
      result.push(
        size === 1n ? { op: "eq", value: start } : { op: "masked_eq", value: start, mask: ALL_BITS ^ (size - 1n) },
      );
      start += size;
    }
    return result;
  });
}
