import { describe, expect, test, vi } from "vitest";
import { parseToml, parseTomlValues, TomlError } from "./parse.ts";

/** What one of the two parsers is made to read in place of the text. */
const lie = vi.hoisted(() => ({ text: undefined as string | undefined }));
vi.mock(import("smol-toml"), async (importOriginal) => {
  const original = await importOriginal();
  const parse: typeof original.parse = (text: string, options?: object) => original.parse(lie.text ?? text, options);
  return { ...original, parse };
});

/** How it fails to read a text. */
function failure(run: () => unknown): TomlError {
  try {
    run();
  } catch (error) {
    if (error instanceof TomlError) return error;
    throw error;
  }
  throw new Error("it was read");
}

describe("both parsers read the same", () => {
  test.each([
    ["integers of 64 bits", "a = 9223372036854775807\nb = -9223372036854775808\nc = 0xFF\n"],
    ["numbers", "a = 1_000\nb = 5e+22\nc = -0.0\nd = nan\ne = inf\n"],
    ["dates and times", "a = 1979-05-27T07:32:00.5Z\nb = 1979-05-27T07:32:00\nc = 1979-05-27\nd = 07:32:00\n"],
    ["the beginning of time", "a = 1970-01-01T00:00:00Z\n"],
    ["lines of several strings", "a = \"\"\"x\r\ny\"\"\"\r\nb = '''x\r\ny'''\r\n"],
    ["tables in all spellings", "a.b = 1\n[c]\nd = { e = [1, { f = 'g' }] }\n[[h]]\ni = true\n[[h]]\n"],
    ["names that objects have anyway", "toString = 1\nconstructor.valueOf = 2\n"],
  ])("%s", (_what, text) => {
    const document = parseToml(text);
    expect(document.text).toBe(text);
    expect(document.values).toEqual(parseTomlValues(text));
    expect(document.root.type).toBe("TOMLTopLevelTable");
  });
});

describe("what they read differently is not touched", () => {
  test("a key that one of them makes the prototype", () => {
    expect(failure(() => parseToml("a = 1\n__proto__ = 1\n"))).toMatchObject({
      message: "it can be read in two ways",
      line: undefined,
    });
  });

  test.each([
    ["a = 1\n", "a = 2\n"],
    ["a = 1\n", "a = '1'\n"],
    ["a = 9223372036854775807\n", "a = 9223372036854774000\n"],
    ["a = 'x'\n", "a = 'y'\n"],
    ["a = true\n", "a = false\n"],
    ["a = [1, 2]\n", "a = [2, 1]\n"],
    ["a = [1]\n", "a = { 0 = 1 }\n"],
    ["a = [{ b = 1 }]\n", "a = [{ b = 2 }]\n"],
    ["[a.b]\nc = 1\n", "[a.b]\nd = 1\n"],
    ["[a]\n[b]\n", "[a]\n"],
    ["a = 1979-05-27\n", "a = 1979-05-28\n"],
    ["a = 07:32:00\n", "a = 07:32:01\n"],
    ["a = 1979-05-27T07:32:00Z\n", "a = '1979-05-27T07:32:00.000Z'\n"],
  ])("%j, %j", (text, other) => {
    expect(parseToml(text).values).toEqual(parseTomlValues(text));
    lie.text = other;
    try {
      expect(failure(() => parseToml(text)).message).toBe("it can be read in two ways");
    } finally {
      lie.text = undefined;
    }
  });
});

describe("what is no TOML", () => {
  test("is said in one line, with its number", () => {
    expect(failure(() => parseTomlValues("a = 1\nb =\n"))).toMatchObject({
      name: "TomlError",
      message: "line 2: invalid value",
      line: 2,
      cause: expect.any(Error),
    });
    expect(failure(() => parseToml("a = 1\nb =\n"))).toMatchObject({
      name: "TomlError",
      message: "line 3: Unspecified values are invalid",
      line: 3,
      cause: expect.any(Error),
    });
    // Only the second parser is against it.
    expect(failure(() => parseToml("a = 23:59:60\n")).message).toBe("line 1: invalid date");
  });

  test("nor that of version 1.0, which container runtimes read", () => {
    for (const text of ["a = { b = 1, }\n", "a = 07:32\n", 'a = "\\e"\n']) {
      expect(failure(() => parseToml(text)).message).toMatch(/^line 1: /);
    }
  });

  test("an error without a line has none", () => {
    const error = new TomlError("what");
    expect([error.message, error.line, error.cause]).toEqual(["what", undefined, undefined]);
  });
});

test("an integer that no number of JavaScript holds is one all the same", () => {
  expect(parseTomlValues("a = 9007199254740993\nb = 1\n")).toEqual({ a: 9007199254740993n, b: 1 });
});
