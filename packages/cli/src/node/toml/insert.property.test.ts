import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { appendToRootArray, insertInto, takeOut } from "./insert.ts";
import { parseToml, TomlError } from "./parse.ts";
import { anyToml, fixture, fixtureNames, wornFixture } from "./testing.ts";

// Thousands of runs, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const pattern = "/etc/containerd/conf.d/kubefence*.toml";
const item = fc.oneof(fc.constant(pattern), fc.string({ minLength: 1, maxLength: 20 }));

/** Edits `text`, checks all that an edit promises, and returns the result. */
function editAndCheck(text: string, added: string): string {
  const before = parseToml(text).values;
  const insertion = appendToRootArray(text, "imports", added);
  const isThere = Array.isArray(before["imports"]) && before["imports"].includes(added);
  expect(insertion === undefined).toBe(isThere);
  if (insertion === undefined) return text;
  const result = insertInto(text, insertion);
  // The text outside is the same, and the edit can be taken out again.
  expect(result.slice(0, insertion.at)).toBe(text.slice(0, insertion.at));
  expect(result.slice(insertion.at + insertion.inserted.length)).toBe(text.slice(insertion.at));
  // The meaning is the same but for the added element.
  const listed = before["imports"] ?? [];
  expect(parseToml(result).values).toEqual({ ...before, imports: [...(Array.isArray(listed) ? listed : []), added] });
  expect(takeOut(result, "imports", added, insertion)).toBe(text);
  // No line changed but the one that was edited.
  const unchanged = text.split("\n").filter((line) => !result.split("\n").includes(line));
  expect(unchanged.length).toBeLessThanOrEqual(1);
  return result;
}

function isToml(text: string): boolean {
  try {
    parseToml(text);
    return true;
  } catch (error) {
    if (error instanceof TomlError) return false;
    throw error;
  }
}

describe("properties", () => {
  test.each(fixtureNames)("%s", (name) => {
    const once = editAndCheck(fixture(name), pattern);
    expect(editAndCheck(once, pattern)).toBe(once);
  });

  test("configurations as people leave them", () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(wornFixture, item, (text, added) => {
        editAndCheck(text, added);
      }),
      { numRuns: 300 },
    );
  });

  test("any TOML is edited right, or refused and left alone", () => {
    let edited = 0;
    let refused = 0;
    fc.assert(
      fc.property(anyToml, item, (text, added) => {
        fc.pre(isToml(text));
        try {
          editAndCheck(text, added);
          edited += 1;
        } catch (error) {
          if (!(error instanceof TomlError)) throw error;
          refused += 1;
        }
      }),
      { numRuns: 2000 },
    );
    // Refusals are the exception, or this property would say little.
    expect(edited).toBeGreaterThan(20 * refused);
  });

  test("what others write meanwhile stays", () => {
    fc.assert(
      fc.property(wornFixture, fc.boolean(), (text, above) => {
        const insertion = appendToRootArray(text, "imports", pattern);
        if (insertion === undefined) return;
        const newline = text.includes("\r\n") ? "\r\n" : "\n";
        const change = (content: string): string =>
          above ? `# above${newline}${content}` : `${content}${newline}# below`;
        expect(takeOut(change(insertInto(text, insertion)), "imports", pattern, insertion)).toBe(change(text));
      }),
    );
  });
});
