import * as fc from "fast-check";
// oxlint-disable-next-line no-restricted-imports -- the oracle of a property
import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { cleanPath, isAtOrUnder, isPlainPath, isStrictlyUnder } from "./clean-path.ts";

const pathParts = fc.array(fc.constantFrom("/", "//", ".", "..", "a", "nono", " ", "ä", "\n", "..."), {
  maxLength: 12,
});

describe("cleanPath", () => {
  test.each([
    ["/nono/", "/nono"],
    ["//nono", "/nono"],
    ["/x/../nono/./", "/nono"],
    ["nono", "/nono"],
    ["/../../nono", "/nono"],
    ["", "/"],
    ["/", "/"],
    [".", "/"],
  ])("%j is %j", (path, clean) => {
    expect(cleanPath(path)).toBe(clean);
  });

  test("property: agrees with node:path on every absolute path", () => {
    fc.assert(
      fc.property(pathParts, (parts) => {
        const path = `/${parts.join("")}`;
        const normal = posix.normalize(path);
        const expected = normal === "/" || !normal.endsWith("/") ? normal : normal.slice(0, -1);
        expect(cleanPath(path)).toBe(expected);
      }),
    );
  });

  test("property: cleaning twice changes nothing, and a relative path counts from /", () => {
    fc.assert(
      fc.property(pathParts, (parts) => {
        const once = cleanPath(parts.join(""));
        expect(cleanPath(once)).toBe(once);
        expect(cleanPath(`/${parts.join("")}`)).toBe(once);
      }),
    );
  });
});

describe("isPlainPath", () => {
  test.each(["/a", "/nono/x", "/a b", "/a.b", "/a..", "/ä"])("%j needs no cleaning", (path) => {
    expect(isPlainPath(path)).toBe(true);
  });

  test.each(["", "/", "a", "/a/", "//a", "/a//b", "/./a", "/a/..", "/a/.hidden", "/a\uFFFD"])(
    "%j is looked at",
    (path) => {
      expect(isPlainPath(path)).toBe(false);
    },
  );

  test("property: what is plain is clean already", () => {
    fc.assert(
      fc.property(pathParts, (parts) => {
        const path = `/${parts.join("")}`;
        fc.pre(isPlainPath(path));
        expect(posix.normalize(path)).toBe(path);
      }),
    );
  });
});

test("under is judged by components, not by prefix", () => {
  expect(isAtOrUnder("/nonono", "/nono")).toBe(false);
  expect(isAtOrUnder("/nono/x", "/nono")).toBe(true);
  expect(isStrictlyUnder("/nono", "/nono")).toBe(false);
  expect(isStrictlyUnder("/nono", "/")).toBe(true);
  expect(isStrictlyUnder("/", "/")).toBe(false);
});
