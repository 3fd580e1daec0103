import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProfileError } from "../errors.ts";
import { parseProfileJson } from "./json.ts";

const problem = (text: string): string => {
  try {
    return JSON.stringify(parseProfileJson(text, "p.json"));
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return error.message;
  }
};

describe("parseProfileJson", () => {
  test("takes comments and trailing commas, as nono does", () => {
    expect(parseProfileJson('{ // why\n "a": [1, 2,], /* x */ }', "p.json")).toEqual({ a: [1, 2] });
  });

  test.each([
    ["", "KF_PROFILE_SYNTAX: p.json:1:1: value expected"],
    ["{", "KF_PROFILE_SYNTAX: p.json:1:2: close brace expected"],
    ['{\n  "a": 1,\n  "a": 2\n}', 'KF_PROFILE_DUPLICATE_KEY: p.json:3:3: the key "a" stands here again'],
    ['{"x": {"a": 1, "b": {}, "b": {}}}', 'KF_PROFILE_DUPLICATE_KEY: p.json:1:25: the key "b" stands here again'],
    ['{"a": 1, "\\u0061": 2}', "KF_PROFILE_DUPLICATE_KEY"],
    ['{"__proto__": {"groups": {}}}', "KF_PROFILE_UNKNOWN_KEY"],
    ["\ufeff{}", "KF_PROFILE_SYNTAX"],
    ["{} {}", "KF_PROFILE_SYNTAX"],
    ["{'a': 1}", "KF_PROFILE_SYNTAX"],
    ["[".repeat(65) + "]".repeat(65), "KF_PROFILE_SYNTAX: p.json:1:65: nested more than 64 deep"],
    ["[".repeat(200_000), "nested more than 64 deep"],
    ['{"a":'.repeat(100_000), "nested more than 64 deep"],
  ])("%# is refused", (text, message) => {
    expect(problem(text)).toContain(message);
  });

  test("width is not depth", () => {
    const deep = "[".repeat(64) + "]".repeat(64);
    const text = `[${Array.from({ length: 100 }, () => '[{"a":{}}]').join()}]`;
    expect(parseProfileJson(text, "p.json")).toEqual(JSON.parse(text));
    expect(parseProfileJson(deep, "p.json")).toEqual(JSON.parse(deep));
  });

  test("the key that it does not take is named", () => {
    expect(problem('{"__proto__": 1}')).toContain('p.json:1:2: no profile has the key "__proto__"');
  });

  test("reads every JSON text without equal keys as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__"));
        expect(parseProfileJson(JSON.stringify(value, null, 1), "p")).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("any text is a value or a coded error", () => {
    const token = fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', '"', "1", "null", "//", "/*", "\n", "-", "\\");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(token).map((tokens) => tokens.join("")),
        ),
        (text) => {
          expect(problem(text)).toBeTypeOf("string");
        },
      ),
    );
  });
});
