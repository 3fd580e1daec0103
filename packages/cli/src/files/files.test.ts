import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compileProfile } from "../profile/compile.ts";
import { maxManifestBytes } from "../profile/manifest.ts";
import { problemsOf } from "../profile/testing.ts";
import { readInstalled } from "./installed.ts";
import { readText } from "./read.ts";
import { openSource } from "./sources.ts";
import { writeAll } from "./write.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-files-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});
const put = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
};
const failure = async (run: Promise<unknown>): Promise<string> => {
  const settled = await run.then(
    () => () => undefined,
    (error: unknown) => () => {
      throw error;
    },
  );
  return problemsOf(settled).join("\n");
};

describe("readText", () => {
  test("reads UTF-8", async () => {
    expect(await readText(put("a", "ä"))).toBe("ä");
    expect(await readText(put("empty", ""))).toBe("");
  });

  test.each([
    ["other bytes", new Uint8Array([0x7b, 0xff, 0x7d]), "KF_PROFILE_SYNTAX"],
    ["a large file", new Uint8Array(maxManifestBytes + 1), "KF_PROFILE_READ"],
  ])("%s are refused", async (_what, bytes, code) => {
    expect(await failure(readText(put("a", bytes)))).toContain(`${code}: ${directory}/a: `);
  });

  test.each(["missing", "."])("%s cannot be read", async (name) => {
    expect(await failure(readText(join(directory, name)))).toMatch(/^KF_PROFILE_READ: .*(ENOENT|EISDIR)/);
  });

  test("a device that never ends is refused", async () => {
    expect(await failure(readText("/dev/zero"))).toContain("KF_PROFILE_READ: /dev/zero: larger than");
  });
});

describe("writeAll", () => {
  test("writes with mode 0644 whatever the umask, over what was there", async () => {
    put("a.json", "old");
    chmodSync(join(directory, "a.json"), 0o600);
    const umask = process.umask(0o077);
    await writeAll(
      directory,
      new Map([
        ["a.json", "new"],
        ["b.json", "b"],
      ]),
    ).finally(() => process.umask(umask));
    expect(readdirSync(directory).toSorted()).toEqual(["a.json", "b.json"]);
    expect(readFileSync(join(directory, "a.json"), "utf8")).toBe("new");
    expect(statSync(join(directory, "a.json")).mode & 0o777).toBe(0o644);
  });

  test("a failure leaves the old files and no temporary ones", async () => {
    put("a.json", "old");
    const files = new Map([
      ["a.json", "new"],
      ["missing/b.json", "b"],
    ]);
    expect(await failure(writeAll(directory, files))).toMatch(/^KF_PROFILE_WRITE: .*ENOENT/);
    expect(readdirSync(directory)).toEqual(["a.json"]);
    expect(readFileSync(join(directory, "a.json"), "utf8")).toBe("old");
  });

  test("a directory in the place of a file is not replaced", async () => {
    mkdirSync(join(directory, "a.json"));
    expect(await failure(writeAll(directory, new Map([["a.json", "new"]])))).toMatch(/^KF_PROFILE_WRITE/);
    expect(readdirSync(directory)).toEqual(["a.json"]);
  });
});

describe("openSource", () => {
  test("finds what a file extends beside it, before the built-in of that name", async () => {
    put("workspace.json", '{ "extends": "base", "filesystem": { "read": ["/mine"] } }');
    put("base.jsonc", '{ /* ours */ "extends": "default" }');
    const { name, library } = await openSource(put("p.json", '{ "extends": "workspace" }'));
    const { grants } = compileProfile(name, library).manifest.filesystem;
    expect(grants).toContainEqual({ path: "/mine", access: "read" });
    expect(grants).toContainEqual({ path: "/usr", access: "read" });
  });

  test("a circle among files is named, not followed", async () => {
    put("q.json", '{ "extends": "p" }');
    const { name, library } = await openSource(put("p.json", '{ "extends": ["q", "../q", "q"] }'));
    expect(problemsOf(() => compileProfile(name, library))[0]).toContain("the chain p → q → p is a circle");
  });

  test("a malformed file beside it is an error, even if a built-in has the name", async () => {
    put("default.json", "{");
    expect(await failure(openSource(put("p.json", '{ "extends": "default" }')))).toContain("default.json:1:2");
  });

  test("nono's data comes from a file", async () => {
    const nonoData = put("policy.json", '{"meta":{},"groups":{"x":{"allow":{"read":["/x"]}}},"profiles":{"n":{}}}');
    const file = put("p.json", '{ "groups": { "include": ["x"] } }');
    const { name, library } = await openSource(file, { nonoData });
    expect(compileProfile(name, library).manifest.filesystem.grants).toContainEqual({ path: "/x", access: "read" });
    expect(await failure(openSource("default", { nonoData: put("bad.json", '{"groups":[]}') }))).toContain("bad.json");
  });
});

describe("readInstalled", () => {
  test("reads manifests by name, and says which the launcher would refuse", async () => {
    put("good.json", '{"version":"0.1.0"}');
    put("bad.json", '{"version":"0.1.0","x":1}');
    put("README.md", "");
    put(".hidden.json", "");
    mkdirSync(join(directory, "by-digest"));
    const installed = await readInstalled(directory, true);
    expect([...installed.keys()]).toEqual(["bad", "good"]);
    expect(installed.get("bad")?.error?.code).toBe("KF_MANIFEST_INVALID");
    expect(installed.get("good")?.manifest?.version).toBe("0.1.0");
  });

  test("a directory that is missing is an error only when it was asked for", async () => {
    const missing = join(directory, "missing");
    expect((await readInstalled(missing, false)).size).toBe(0);
    expect(await failure(readInstalled(missing, true))).toContain("KF_PROFILE_READ");
  });
});
