import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPlainPath } from "./clean-path.ts";
import { indexOfSlash, isPlain, isSame, startsWith } from "./path-bytes.ts";

const path = fc
  .array(fc.constantFrom("/", "//", ".", "..", "a", "nono", " ", "ä", "\uFFFD", "\n"), { maxLength: 8 })
  .map((parts) => parts.join(""));

/** The text between others that must not matter. */
function within(text: string): { bytes: Buffer; start: number; end: number } {
  const bytes = Buffer.from(`//${text}/.`);
  return { bytes, start: 2, end: bytes.length - 2 };
}

describe("isPlain", () => {
  test.each(["/a", "/nono/x", "/a b", "/a.b", "/a.."])("%j is", (text) => {
    const { bytes, start, end } = within(text);
    expect(isPlain(bytes, start, end)).toBe(true);
  });

  test.each(["", "/", "a", "/a/", "//a", "/a//b", "/./a", "/a/..", "/a/.hidden", "/ä", "/a\uFFFD"])(
    "%j is not",
    (text) => {
      const { bytes, start, end } = within(text);
      expect(isPlain(bytes, start, end)).toBe(false);
    },
  );

  test("property: a plain path of ASCII is plain as bytes, and no other", () => {
    fc.assert(
      fc.property(path, (text) => {
        const { bytes, start, end } = within(text);
        expect(isPlain(bytes, start, end)).toBe(isPlainPath(text) && !/[^\0-\x7f]/.test(text));
      }),
    );
  });
});

describe("comparing", () => {
  test("a prefix must lie within the text, whatever follows", () => {
    const bytes = Buffer.from("/x/ab");
    expect(startsWith(bytes, 2, 4, Buffer.from("/ab"))).toBe(false);
    expect(startsWith(bytes, 2, 5, Buffer.from("/ab"))).toBe(true);
    expect(startsWith(bytes, 2, 5, Buffer.from("xab"))).toBe(false);
  });

  test("two texts of one length differ by any byte", () => {
    const bytes = Buffer.from("abc|xbc|axc|abx|abc");
    expect([4, 8, 12, 16].map((start) => isSame(bytes, 0, 3, start, start + 3))).toEqual([false, false, false, true]);
  });

  test("property: as strings do", () => {
    fc.assert(
      fc.property(path, path, (left, right) => {
        const a = Buffer.from(left);
        const b = Buffer.from(right);
        const both = Buffer.concat([a, b]);
        expect(startsWith(both, 0, a.length, b)).toBe(left.startsWith(right));
        expect(isSame(both, 0, a.length, a.length, both.length)).toBe(left === right);
        expect(indexOfSlash(both, 0, a.length)).toBe(a.indexOf("/"));
        expect(indexOfSlash(both, a.length, both.length)).toBe(right.includes("/") ? a.length + b.indexOf("/") : -1);
      }),
    );
  });
});
