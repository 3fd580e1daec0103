/**
 * TOML with positions. Two parsers that know nothing of each other read every text: toml-eslint-parser says where things
 * stand, smol-toml what they mean. A text that they read differently is not touched.
 */
import { isDeepStrictEqual } from "node:util";
import { parse as parseValues, type TomlTable } from "smol-toml";
import { type AST, getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";

export type { TomlTable, TomlValue } from "smol-toml";

/** A text that is no TOML, or that cannot be edited safely. `line` counts from 1. */
export class TomlError extends Error {
  override readonly name: string = "TomlError";
  readonly line: number | undefined;

  constructor(what: string, line?: number, options?: ErrorOptions) {
    super(line === undefined ? what : `line ${line}: ${what}`, options);
    this.line = line;
  }
}

export interface TomlDocument {
  readonly text: string;
  readonly values: TomlTable;
  /** Keys and tables in the order of the text, with their ranges. */
  readonly root: AST.TOMLTopLevelTable;
}

/**
 * Reads a TOML 1.0 text, as container runtimes do.
 * @throws {TomlError}
 */
export function parseToml(text: string): TomlDocument {
  let program: AST.TOMLProgram;
  let values: TomlTable;
  try {
    program = parseTOML(text, { tomlVersion: "1.0" });
    values = parseTomlValues(text);
  } catch (cause) {
    throw cause instanceof TomlError ? cause : toTomlError(cause);
  }
  if (!isDeepStrictEqual(comparable(values), comparable(getStaticTOMLValue(program)))) {
    throw new TomlError("it can be read in two ways");
  }
  return { text, values, root: program.body[0] };
}

/** Values only, for texts that nobody edits. @throws {TomlError} */
export function parseTomlValues(text: string): TomlTable {
  try {
    return parseValues(text, { integersAsBigInt: "asNeeded" });
  } catch (cause) {
    throw toTomlError(cause);
  }
}

function toTomlError(cause: unknown): TomlError {
  if (cause instanceof ParseError) return new TomlError(cause.message, cause.lineNumber, { cause });
  const message = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
  const line = cause instanceof Error && "line" in cause && typeof cause.line === "number" ? cause.line : undefined;
  return new TomlError(message.replace(/^Invalid TOML document: /, ""), line, { cause });
}

/** Both parsers' values in one form: dates differ in class, integers may be bigint, prototypes differ, so do ends of lines. */
function comparable(value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  if (typeof value === "bigint") return Number(value);
  // A line's end in a string of several lines is the system's choice.
  if (typeof value === "string") return value.replaceAll("\r\n", "\n");
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [`.${key}`, comparable(member)]));
}
