import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compileProfile, formatManifest } from "../profile/compile.ts";
import { readProfileFile, readProfileFolder } from "./profile-file.ts";
import { openSource } from "./sources.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kubefence-profile-file-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});
const put = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const builtIn = async (name: string): Promise<string> =>
  formatManifest(compileProfile(name, (await openSource(name)).library).manifest);

test("a manifest is taken byte for byte, a source is compiled", async () => {
  const manifest = `${await builtIn("strict")} \n`;
  expect(await readProfileFile(put("taken.json", manifest))).toMatchObject({ text: manifest, compiled: undefined });
  const { text, compiled } = await readProfileFile(put("strict.json", '{ "extends": "strict" }'));
  expect(text).toBe(await builtIn("strict"));
  expect(compiled?.name).toBe("strict");
});

test("a folder as Kubernetes mounts it: links, and folders of its own", async () => {
  mkdirSync(join(folder, "..2026_11_22"));
  symlinkSync("..2026_11_22", join(folder, "..data"));
  put("..2026_11_22/one.json", '{ "extends": "two", "filesystem": { "allow": ["/one"] } }');
  symlinkSync("..data/one.json", join(folder, "one.json"));
  put("two.jsonc", '{ "extends": "default", "filesystem": { "allow": ["/two"], }, } // ours');
  put("README", "no profile");
  put(".hidden.json", "no profile");
  const profiles = await readProfileFolder(folder);
  expect([...profiles.keys()]).toEqual(["one", "two"]);
  const paths = profiles.get("one")?.manifest.filesystem.grants.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(["/one", "/two", "/usr"]));
});

describe("what is wrong is said of every file", () => {
  test("sources", async () => {
    put("a.json", '{ "extends": "nothing" }');
    put("b.json", '{ "filesystem": { "alow": [] } }');
    put("c.json", "{");
    put("d.json", '{ "meta": { "name": "other" } }');
    put("-e.json", "{}");
    const codes = ["NOT_FOUND", "UNKNOWN_KEY", "SYNTAX", "NAME", "NAME"].map((code) => `KF_PROFILE_${code}`);
    await expect(readProfileFolder(folder)).rejects.toMatchObject({
      problems: expect.arrayContaining(codes.map((code): unknown => expect.objectContaining({ code }))),
    });
    await expect(readProfileFolder(folder)).rejects.toMatchObject({ problems: { length: codes.length } });
  });

  test("two files of one name, and a manifest of no profile's name", async () => {
    put("a.json", "{}");
    put("a.jsonc", "{}");
    put("_b.json", await builtIn("strict"));
    await expect(readProfileFolder(folder)).rejects.toMatchObject({
      message: expect.stringMatching(/_b\.json: "_b" is no profile name.*\n.*a\.jsonc: two files are called so/),
    });
  });

  test("a manifest that the launcher would refuse", async () => {
    put("a.json", '{ "version": "0.1.0", "more": 1 }');
    await expect(readProfileFolder(folder)).rejects.toMatchObject({
      code: "KF_MANIFEST_INVALID",
      message: expect.stringContaining(join(folder, "a.json")),
    });
  });

  test("a folder that is not there", async () => {
    await expect(readProfileFolder(join(folder, "missing"))).rejects.toMatchObject({ code: "KF_PROFILE_READ" });
  });
});
