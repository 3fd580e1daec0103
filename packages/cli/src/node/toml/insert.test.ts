import { describe, expect, test } from "vitest";
import { appendToRootArray, insertInto, takeOut } from "./insert.ts";
import { fixture } from "./testing.ts";

describe("how it looks", () => {
  test.each([
    ["", 'imports = ["x"]\n'],
    ["version = 2", 'version = 2\nimports = ["x"]'],
    ["version = 2 # old\r\n[a]\r\n", 'version = 2 # old\r\nimports = ["x"]\r\n[a]\r\n'],
    ["root = '/a'\n[a]\n", "root = '/a'\nimports = ['x']\n[a]\n"],
    ["# licence\n\n[a]\n", 'imports = ["x"]\n# licence\n\n[a]\n'],
    ["imports = []\n", "imports = ['x']\n"],
    ["imports = [\n # none\n]\n", "imports = ['x'\n # none\n]\n"],
    ["imports = ['a',]", "imports = ['a', 'x',]"],
    ['imports = [\n "a", # c\n]\n[b]\n', 'imports = [\n "a", "x", # c\n]\n[b]\n'],
    ["[a]\nimports=1\n", 'imports = ["x"]\n[a]\nimports=1\n'],
    ["'imports' = ['a']\n", "'imports' = ['a', 'x']\n"],
    ["a.imports = 1\n", 'a.imports = 1\nimports = ["x"]\n'],
  ])("%j", (before, after) => {
    const insertion = appendToRootArray(before, "imports", "x");
    if (insertion === undefined) throw new Error("it is there already");
    expect(insertInto(before, insertion)).toBe(after);
    expect(takeOut(after, "imports", "x", insertion)).toBe(before);
  });
});

test.each([
  ["imports = ['a']\n", "it's", `imports = ['a', "it's"]\n`],
  ["imports = ['a']\n", "a\u007Fb", `imports = ['a', "a\\u007Fb"]\n`],
  ['imports = ["a"]\n', 'a"\\\n', `imports = ["a", "a\\"\\\\\\n"]\n`],
])("%j gets %j in a spelling that can hold it", (before, item, after) => {
  const insertion = appendToRootArray(before, "imports", item);
  expect(insertion && insertInto(before, insertion)).toBe(after);
});

test("what is there already is not put there again", () => {
  expect(appendToRootArray('imports = ["a", "x"]\n', "imports", "x")).toBeUndefined();
});

describe("refused", () => {
  test.each([
    ["imports = [1]\n", "line 1: an element of the array is no string"],
    ["\nimports = { a = 1 }\n", "line 2: imports is no array"],
    ["[imports]\na = 1\n", "imports is no array"],
    ["[[imports]]\na=1\n", "imports is not written as one array at the top"],
    ['{{ template "base" . }}\n', "line 1: Unexpected token"],
    ["a = 1\nb = \n", "line 3: Unspecified values are invalid"],
    ["\uFEFFversion = 2\n", "line 1: Unexpected character"],
    [fixture("original-doubled"), `line ${fixture("default-2.2.9").split("\n").length + 1}: `],
  ])("%j", (text, message) => {
    expect(() => appendToRootArray(text, "imports", "x")).toThrow(message);
  });

  test("a key with dots is not the one at the top", () => {
    expect(() => appendToRootArray("imports.a = 1\n", "imports", "x")).toThrow(/^imports is no array$/);
  });

  test("taking out what is there twice, or in another form", () => {
    const text = 'version = 2\nimports = ["a"]\n';
    const insertion = { at: 0, inserted: ', "x"' };
    expect(takeOut(text, "imports", "x", insertion)).toBeUndefined();
    const twice = 'imports = ["a", "x"]\nother = ["a", "x"]\n';
    expect(takeOut(twice, "imports", "x", insertion)).toBeUndefined();
    expect(takeOut(twice, "imports", "x", { at: 14, inserted: ', "x"' })).toBe('imports = ["a"]\nother = ["a", "x"]\n');
    const behind = 'a = ["a", "x"]\nimports = ["a", "x"]\n';
    expect(takeOut(behind, "imports", "x", { at: 29, inserted: ', "x"' })).toBe('a = ["a", "x"]\nimports = ["a"]\n');
    const more = { at: 14, inserted: ', "x", "y"' };
    expect(() => takeOut('imports = ["a", "x", "y"]\n', "imports", "x", more)).toThrow("would change something else");
    const elsewhere = 'other = ["a", "x"]\nimports = []\n';
    expect(() => takeOut(elsewhere, "imports", "x", insertion)).toThrow("would change something else");
  });
});
