import * as fc from "fast-check";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { formatUtc, isUtcZone, linksToUtc } from "./utc.ts";

const yearZero = -62_167_219_200;
const last = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

function byDate(second: number): string {
  return new Date(second * 1000).toISOString().slice(0, "2026-01-01T00:00:00".length);
}

test("any second is what Date makes of it", () => {
  fc.assert(
    fc.property(fc.integer({ min: yearZero, max: last }), (second) => {
      expect(formatUtc(second)).toBe(byDate(second));
    }),
    { numRuns: 2000 },
  );
});

test("every midnight of four hundred years, and the second before it", () => {
  const seconds = Array.from({ length: 146_098 }, (_, day) => [day * 86_400 - 1, day * 86_400]).flat();
  expect(seconds.filter((second) => formatUtc(second) !== byDate(second))).toEqual([]);
});

let directory: string;
const zone = process.env["TZ"];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-zone-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

test.each([
  ["/usr/share/zoneinfo/UTC", true],
  ["/usr/share/zoneinfo/Etc/UTC", true],
  ["../usr/share/zoneinfo/Etc/UTC", true],
  ["/usr/share/zoneinfo/Europe/Vienna", false],
  ["/usr/share/zoneinfo/Etc/UTC-7", false],
  ["/elsewhere/UTC", false],
])("/etc/localtime that leads to %s", (target, expected) => {
  const link = join(directory, "localtime");
  symlinkSync(target, link);
  expect(linksToUtc(link)).toBe(expected);
});

test("/etc/localtime that is no link is Date's to read, a missing one means UTC", () => {
  const file = join(directory, "localtime");
  expect(linksToUtc(file)).toBe(true);
  writeFileSync(file, "TZif2");
  expect(linksToUtc(file)).toBe(false);
});

test("TZ goes before it", () => {
  process.env["TZ"] = "UTC";
  expect(isUtcZone()).toBe(true);
  process.env["TZ"] = "Europe/Vienna";
  expect(isUtcZone()).toBe(false);
  process.env["TZ"] = "";
  expect(isUtcZone()).toBe(false);
});
