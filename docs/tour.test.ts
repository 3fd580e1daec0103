/** ARCHITECTURE's tour and CONTRIBUTING's table name files and folders; all of them are there. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./.vitepress/pages.ts";

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => existsSync(join(root, file)));
const topLevel = new Set(files.map((file) => file.split("/")[0]));

/** What a text names: paths below a folder of the root, and source files by the end of their path. */
function references(text: string): string[] {
  const words = text.replace(/\]\([^)]*\)/g, " ").match(/[\w@.-]+(?:\/[\w.*{},-]+)*\/?/g) ?? [];
  return words
    .map((word) => word.replace(/[.,:]+$/, "").replace(/\/$/, ""))
    .filter((word) => !/[A-Z]{4}|\*/.test(word)) // NAME.json and the like, and sets of files
    .filter((word) => (word.includes("/") && topLevel.has(word.split("/")[0])) || /\.(?:ts|rs|sh|tpl|mk)$/.test(word))
    .flatMap((word) => expand(word));
}

/** a/{b,c}.ts is two files. */
function expand(word: string): string[] {
  const [all, before = "", list = "", after = ""] = /^(.*)\{([^}]*)\}(.*)$/.exec(word) ?? [];
  return all === undefined ? [word] : list.split(",").map((part) => `${before}${part}${after}`);
}

const isThere = (name: string): boolean =>
  existsSync(join(root, name)) || files.some((file) => file === name || file.endsWith(`/${name}`));

test("the reader of references reads them", () => {
  expect(references("native/runtime/src/main.rs → lib.rs, e2e/{soak,stack}/, [x](gone.ts) nono/nono")).toEqual([
    "native/runtime/src/main.rs",
    "lib.rs",
    "e2e/soak",
    "e2e/stack",
  ]);
  expect(isThere("lib.rs")).toBe(true);
  expect(isThere("native/runtime/src/gone.rs")).toBe(false);
});

test.each(["ARCHITECTURE.md", "CONTRIBUTING.md"])("%s names what is there", (page) => {
  const named = references(readFileSync(join(root, page), "utf8"));
  expect(named.length).toBeGreaterThan(30);
  expect([...new Set(named.filter((name) => !isThere(name)))]).toEqual([]);
});
