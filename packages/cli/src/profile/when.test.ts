import { expect, test } from "vitest";
import { holdsOnLinux } from "./when.ts";

test.each([
  ["linux", true],
  ["!linux", false],
  ["macos", false],
  ["macos:>=15", false],
  ["windows", false],
  ["!macos", true],
  [["macos", "linux"], true],
  [["macos", "windows"], false],
  [["linux:debian", "linux"], true],
  ["linux:debian", undefined],
  ["!linux:nixos", undefined],
  [["macos", "linux:debian"], undefined],
  ["Linux", undefined],
  ["", undefined],
])("%j is %s", (condition, holds) => {
  expect(holdsOnLinux(condition)).toBe(holds);
});
