/** The one edit that is made in a file that others own: a string is added to an array at its top. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { AST } from "toml-eslint-parser";
import { parseToml, type TomlDocument, TomlError } from "./parse.ts";

/** A text that was put into another one; nothing else of it changed. */
export interface Insertion {
  /** Index in UTF-16 units. */
  readonly at: number;
  readonly inserted: string;
}

/** The text with the insertion. */
export function insertInto(text: string, { at, inserted }: Insertion): string {
  return text.slice(0, at) + inserted + text.slice(at);
}

/**
 * Where `item` goes, so that the array `key` at the top of the document has it as its last element. The result was parsed
 * again and says what was meant, and nothing else. Undefined when the array has the item.
 * @throws {TomlError} where that cannot be done safely
 */
export function appendToRootArray(text: string, key: string, item: string): Insertion | undefined {
  const document = parseToml(text);
  const current = document.values[key] ?? [];
  if (!Array.isArray(current)) throw new TomlError(`${key} is no array`, findRootKey(document, key)?.loc.start.line);
  if (current.includes(item)) return undefined;
  const existing = findRootKey(document, key);
  if (existing === undefined && document.values[key] !== undefined) {
    throw new TomlError(`${key} is not written as one array at the top`);
  }
  const insertion = existing === undefined ? newLine(document, key, item) : newElement(existing, item);
  const edited = parseToml(insertInto(text, insertion));
  const intended = { ...document.values, [key]: [...current, item] };
  if (!isDeepStrictEqual({ ...edited.values }, intended)) {
    throw new TomlError(`adding ${item} to ${key} would change something else`);
  }
  return insertion;
}

/**
 * The text without an insertion that `appendToRootArray` made: where it was put, or, when others have changed the text since,
 * where it stands now. Undefined when it is not there as it was written.
 * @throws {TomlError} where taking it out would change something else
 */
export function takeOut(text: string, key: string, item: string, insertion: Insertion): string | undefined {
  const { inserted } = insertion;
  const first = text.indexOf(inserted);
  const at = text.startsWith(inserted, insertion.at) ? insertion.at : first;
  if (at === -1 || (at !== insertion.at && first !== text.lastIndexOf(inserted))) return undefined;
  const result = text.slice(0, at) + text.slice(at + inserted.length);
  const before = parseToml(text).values;
  const after = parseToml(result).values;
  const [listed, left] = [before[key], after[key] ?? []];
  const isOnlyItem = Array.isArray(listed) && isDeepStrictEqual(left, listed.toSpliced(listed.indexOf(item), 1));
  if (!isOnlyItem || !isDeepStrictEqual({ ...before, [key]: left }, { ...after, [key]: left })) {
    throw new TomlError(`taking ${item} out of ${key} would change something else`);
  }
  return result;
}

function findRootKey({ root }: TomlDocument, key: string): AST.TOMLKeyValue | undefined {
  return root.body.find((node): node is AST.TOMLKeyValue => {
    if (node.type !== "TOMLKeyValue" || node.key.keys.length !== 1) return false;
    const [name] = node.key.keys;
    return (name?.type === "TOMLBare" ? name.name : name?.value) === key;
  });
}

function newElement({ value, loc }: AST.TOMLKeyValue, item: string): Insertion {
  if (value.type !== "TOMLArray") throw new TomlError("it is no array", loc.start.line);
  const last = value.elements.at(-1);
  if (last === undefined) return { at: value.range[0] + 1, inserted: quote(item, "literal") };
  if (last.type !== "TOMLValue" || last.kind !== "string") {
    throw new TomlError("an element of the array is no string", last.loc.start.line);
  }
  return { at: last.range[1], inserted: `, ${quote(item, last.style)}` };
}

/** After the last key at the top; else as the first line. Before the first table in any case. */
function newLine({ text, root }: TomlDocument, key: string, item: string): Insertion {
  const line = `${key} = [${quote(item, usualStyle(text))}]`;
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const last = root.body.findLast((node) => node.type === "TOMLKeyValue");
  if (last === undefined) return { at: 0, inserted: `${line}${newline}` };
  const end = text.indexOf("\n", last.range[1]);
  return end === -1
    ? { at: text.length, inserted: `${newline}${line}` }
    : { at: end + 1, inserted: `${line}${newline}` };
}

function usualStyle(text: string): "basic" | "literal" {
  const count = (character: string): number => text.split(character).length;
  return count("'") > count('"') ? "literal" : "basic";
}

function quote(item: string, style: "basic" | "literal"): string {
  // JSON's escapes are escapes of TOML, too. U+007F alone must be escaped in TOML and not in JSON.
  const basic = JSON.stringify(item).replaceAll("\u007F", String.raw`\u007F`);
  // oxlint-disable-next-line no-control-regex -- TOML forbids control characters in literal strings
  return style === "basic" || /['\u0000-\u001F\u007F]/.test(item) ? basic : `'${item}'`;
}
