/** The last look at an edit, before it is made: with a parser that sees something else in the edited text. */
import { afterEach, expect, test, vi } from "vitest";
import { appendToRootArray, takeOut } from "./insert.ts";

const seen = vi.hoisted(() => ({ inPlaceOf: "", values: {} }));
vi.mock(import("./parse.ts"), async (importOriginal) => {
  const original = await importOriginal();
  const parseToml: typeof original.parseToml = (text) => {
    const document = original.parseToml(text);
    return text === seen.inPlaceOf ? { ...document, values: seen.values } : document;
  };
  return { ...original, parseToml };
});
afterEach(() => Object.assign(seen, { inPlaceOf: "", values: {} }));

const without = 'imports = ["a"]\nroot = "/r"\n';
const withIt = 'imports = ["a", "x"]\nroot = "/r"\n';
const insertion = { at: 14, inserted: ', "x"' };

test("an edit that says what was meant is made", () => {
  expect(appendToRootArray(without, "imports", "x")).toEqual(insertion);
  expect(takeOut(withIt, "imports", "x", insertion)).toBe(without);
});

test.each([
  { imports: ["a", "x"] },
  { imports: ["a", "x"], root: "/other" },
  { imports: ["a", "x"], root: "/r", more: 1 },
  { imports: ["x", "a"], root: "/r" },
  { imports: ["a"], root: "/r" },
])("one after which containerd would read %j is not", (values) => {
  Object.assign(seen, { inPlaceOf: withIt, values });
  expect(() => appendToRootArray(without, "imports", "x")).toThrow("adding x to imports would change something else");
});

test.each([
  { imports: ["a"] },
  { imports: ["a"], root: "/other" },
  { imports: [], root: "/r" },
  { imports: ["a", "x"], root: "/r" },
])("nor one that takes it out, and leaves %j", (values) => {
  Object.assign(seen, { inPlaceOf: without, values });
  expect(() => takeOut(withIt, "imports", "x", insertion)).toThrow(
    "taking x out of imports would change something else",
  );
});
