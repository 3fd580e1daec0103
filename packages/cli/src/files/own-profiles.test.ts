import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { noteOwnProfiles, ownProfilesList, parseOwnProfiles, removeOtherOwnProfiles } from "./own-profiles.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-own-profiles-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

// sha256sum of "one\n"
const one = "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806";
const noted = (): string => readFileSync(join(directory, ownProfilesList), "utf8");
const has = (file: string): boolean => existsSync(join(directory, file));

/** What install-launcher does. */
async function install(profiles: Record<string, string>, builtIn: string[] = []): Promise<string[]> {
  const wanted = new Map(Object.entries(profiles));
  await noteOwnProfiles(directory, wanted);
  for (const [file, text] of wanted) writeFileSync(join(directory, file), text);
  return removeOtherOwnProfiles(directory, wanted, new Map(builtIn.map((file) => [file, ""])));
}

test("the list is what sha256sum(1) would print, and goes with the last profile", async () => {
  await install({ "a.json": "one\n" });
  expect(noted()).toBe(`${one}  a.json\n`);
  expect(parseOwnProfiles(noted())).toEqual([{ file: "a.json", digest: one }]);
  expect(await install({})).toEqual([join(directory, "a.json")]);
  expect(has("a.json")).toBe(false);
  expect(has(ownProfilesList)).toBe(false);
});

test("only what is ours and not wanted any more goes", async () => {
  writeFileSync(join(directory, "theirs.json"), "one\n");
  await install({ "a.json": "one\n", "b.json": "two\n", "replaced.json": "one\n", "default.json": "one\n" });
  writeFileSync(join(directory, "replaced.json"), "somebody's\n");
  // As a release's own comes in its place.
  writeFileSync(join(directory, "default.json"), "built-in\n");
  expect(await install({ "b.json": "new\n" }, ["default.json"])).toEqual([join(directory, "a.json")]);
  expect(["theirs.json", "replaced.json", "default.json", "b.json"].filter((file) => !has(file))).toEqual([]);
  expect(parseOwnProfiles(noted()).map(({ file }) => file)).toEqual(["b.json"]);
});

test("a run that was killed forgets nothing: the old and the new are known", async () => {
  await install({ "a.json": "one\n", "b.json": "one\n" });
  await noteOwnProfiles(directory, new Map([["a.json", "two\n"]]));
  expect(noted().split("\n").length).toBe(4);
  expect(await install({})).toEqual([join(directory, "a.json"), join(directory, "b.json")]);
});

test("a line that is none removes nothing", async () => {
  writeFileSync(join(directory, "a.json"), "one\n");
  const lines = [`${one}  ../a.json`, `${one} a.json`, `${one}  a.json.bak`, "a.json", `${one.slice(1)}  a.json`, ""];
  expect(parseOwnProfiles(lines.join("\n"))).toEqual([]);
  writeFileSync(join(directory, ownProfilesList), lines.join("\n"));
  expect(await install({})).toEqual([]);
  expect(has("a.json")).toBe(true);
});
