/** Configurations for tests: the fixtures, and texts made of what TOML allows. */
import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";

const directory = new URL("../../../fixtures/containerd/", import.meta.url);

/** The fixture of that name. */
export function fixture(name: string): string {
  return readFileSync(new URL(`${name}.toml`, directory), "utf8");
}

/** Names of the fixtures that are TOML: all but the one whose tables stand twice. */
export const fixtureNames: readonly string[] = readdirSync(directory)
  .filter((file) => file.endsWith(".toml") && file !== "original-doubled.toml")
  .map((file) => file.slice(0, -5));

/** A fixture as editors and people leave files: other line endings, tabs, no end of the last line, comments. */
export const wornFixture: fc.Arbitrary<string> = fc
  .record({
    name: fc.constantFrom(...fixtureNames),
    crlf: fc.boolean(),
    tabs: fc.boolean(),
    unfinished: fc.boolean(),
    comment: fc.constantFrom("", "# by hand\n", "\n\n#\ttab\n"),
  })
  .map(({ name, crlf, tabs, unfinished, comment }) => {
    let text = comment + fixture(name);
    if (tabs) text = text.replaceAll(/^( {2})+/gm, (blanks) => "\t".repeat(blanks.length / 2));
    if (unfinished) text = text.trimEnd();
    return crlf ? text.replaceAll("\n", "\r\n") : text;
  });

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,7}$/).filter((text) => text !== "imports");
const text = fc.string({ maxLength: 12 });
const blank = fc.constantFrom("", " ", "\t", "  ");
const comment = fc.constantFrom("", " # imports = []", "\t# [imports]", " #'\"");
const newline = fc.constantFrom("\n", "\r\n");
const quoted = fc.oneof(
  text.map((value) => JSON.stringify(value).replaceAll("\u007F", String.raw`\u007F`)),
  fc.stringMatching(/^[a-zA-Z0-9/*., #[\]]{0,12}$/).map((value) => `'${value}'`),
);
const scalar = fc.oneof(
  quoted,
  fc.integer().map(String),
  fc.boolean().map(String),
  fc.constant("1979-05-27T07:32:00Z"),
);
const array = fc.tuple(fc.array(fc.tuple(quoted, blank)), blank, fc.boolean()).map(([items, inner, trailing]) => {
  const body = items.map(([item, after]) => `${item}${after}`).join(`,${inner}`);
  return `[${inner}${body}${trailing && items.length > 0 ? "," : ""}${inner}]`;
});
const longArray = fc.tuple(fc.array(fc.tuple(quoted, comment)), newline, fc.boolean()).map(([items, end, trailing]) => {
  const lines = items.map(([item, after], index) => {
    const comma = trailing || index < items.length - 1 ? "," : "";
    return `  ${item}${comma}${after}${end}`;
  });
  return `[${end}${lines.join("")}]`;
});
const inlineTable = fc
  .uniqueArray(fc.tuple(word, scalar), { selector: ([key]) => key, maxLength: 3 })
  .map((members) => `{ ${members.map(([key, value]) => `${key} = ${value}`).join(", ")} }`);
const value = fc.oneof(scalar, array, longArray, inlineTable);
const line = (key: string, [before, after, end]: [string, string, string], written: string): string =>
  `${before}${key}${after}=${after}${written}${end}`;
const ending = fc.tuple(comment, newline).map(([after, end]) => `${after}${end}`);
const entries = fc
  .uniqueArray(fc.tuple(word, fc.tuple(blank, blank, ending), value), { selector: ([key]) => key, maxLength: 4 })
  .map((members) => members.map(([key, layout, written]) => line(key, layout, written)).join(""));
const imports = fc.option(
  fc
    .tuple(
      fc.constantFrom("imports", '"imports"', "'imports'"),
      fc.tuple(blank, blank, ending),
      fc.oneof(array, longArray),
    )
    .map(([key, layout, written]) => line(key, layout, written)),
  { nil: "" },
);
const table = fc
  .tuple(fc.constantFrom("[t%]", "[ 't%' ]", '["t%".x]', "[[t%]]", "  [t%.imports]"), ending, entries)
  .map(([header, end, body]) => ({ header, rest: `${end}${body}` }));

/** A text with root keys, `imports` or not, and tables of all kinds. Nearly all are TOML; the rest is for the test to skip. */
export const anyToml: fc.Arbitrary<string> = fc
  .tuple(entries, imports, entries, fc.array(table, { maxLength: 3 }), fc.boolean())
  .map(([before, middle, after, tables, unfinished]) => {
    const rest = tables.map(({ header, rest: body }, index) => header.replace("%", String(index)) + body).join("");
    const result = before + middle + after + rest;
    return unfinished ? result.replace(/\r?\n$/, "") : result;
  });
