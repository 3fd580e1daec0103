import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { manifestDigest, writeManifests } from "./by-digest.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-by-digest-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test("a manifest is stored under its name and its digest", async () => {
  await writeManifests(directory, new Map([["default.json", "one\n"]]));
  expect(readdirSync(directory).toSorted()).toEqual(["by-digest", "default.json"]);
  // sha256sum of "one\n"
  const name = "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806.json";
  expect(readdirSync(join(directory, "by-digest"))).toEqual([name]);
  expect(manifestDigest("one\n")).toBe(name.slice(0, 64));
  expect(readFileSync(join(directory, "by-digest", name), "utf8")).toBe("one\n");
});

test("an old version stays, and one that is stored already is not written again", async () => {
  await writeManifests(directory, new Map([["default.json", "one\n"]]));
  const stored = join(directory, "by-digest", `${manifestDigest("one\n")}.json`);
  const { ino } = statSync(stored);
  await writeManifests(
    directory,
    new Map([
      ["default.json", "two\n"],
      ["other.json", "one\n"],
    ]),
  );
  expect(readdirSync(join(directory, "by-digest")).length).toBe(2);
  expect(statSync(stored).ino).toBe(ino);
  expect(readFileSync(join(directory, "default.json"), "utf8")).toBe("two\n");
});

test("a stored file with other bytes is put right", async () => {
  await writeManifests(directory, new Map([["default.json", "one\n"]]));
  const stored = join(directory, "by-digest", `${manifestDigest("one\n")}.json`);
  writeFileSync(stored, "changed");
  await writeManifests(directory, new Map([["default.json", "one\n"]]));
  expect(readFileSync(stored, "utf8")).toBe("one\n");
});

test("a directory that is not there is an error, not made", async () => {
  await expect(writeManifests(join(directory, "missing"), new Map([["a", "x"]]))).rejects.toThrow(/KF_PROFILE_WRITE/);
});
