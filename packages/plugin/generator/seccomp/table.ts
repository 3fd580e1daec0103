import { readFileSync } from "node:fs";
import { POLICY_NAMES, type PolicyName } from "../../src/seccomp/document.ts";
import { parseAlternatives, type Alternative } from "./cell.ts";

/** One system call: what each policy answers, alternatives ORed; none means refused with EPERM. */
export interface CallRow {
  readonly call: string;
  readonly policies: Readonly<Record<PolicyName, readonly Alternative[]>>;
  readonly reason: string;
}

export const tableFile: URL = new URL("../../../../seccomp/calls.tsv", import.meta.url);

/** Reads seccomp/calls.tsv. Throws, with the row's call, on anything that is not understood. */
export function readTable(): CallRow[] {
  return parseTable(readFileSync(tableFile, "utf8"));
}

/** The same from text. */
export function parseTable(text: string): CallRow[] {
  const [header = "", ...lines] = text.trimEnd().split("\n");
  const expected = ["call", ...POLICY_NAMES, "reason"].join("\t");
  if (header !== expected) throw new Error(`seccomp/calls.tsv begins with ${JSON.stringify(header)}`);
  const rows = lines.map(parseRow);
  rows.forEach(({ call }, index) => {
    const before = rows[index - 1]?.call ?? "";
    if (before >= call)
      throw new Error(`seccomp/calls.tsv: ${call} stands after ${before}: sort by name, each call once`);
  });
  return rows;
}

function parseRow(line: string): CallRow {
  const [call = "", ...cells] = line.split("\t");
  const [runtimeDefault, restricted, originalRuntimeDefault, originalRestricted, reason, ...more] = cells;
  if (
    !/^[a-z0-9_]+$/.test(call) ||
    runtimeDefault === undefined ||
    restricted === undefined ||
    originalRuntimeDefault === undefined ||
    originalRestricted === undefined ||
    reason === undefined ||
    more.length > 0
  ) {
    throw new Error(`seccomp/calls.tsv: not a row: ${JSON.stringify(line)}`);
  }
  try {
    const policies = {
      "runtime-default": parseAlternatives(runtimeDefault),
      restricted: parseAlternatives(restricted === "same" ? runtimeDefault : restricted),
      "original-runtime-default": parseAlternatives(originalRuntimeDefault),
      "original-restricted": parseAlternatives(originalRestricted),
    };
    return { call, policies, reason };
  } catch (error) {
    throw new Error(`seccomp/calls.tsv: ${call}`, { cause: error });
  }
}
