import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compileProfile } from "../src/profile/compile.ts";
import { builtinShelf } from "../src/profile/builtin.ts";
import { parseProfileJson } from "../src/profile/json.ts";
import { Library } from "../src/profile/library.ts";
import { compileBuiltins, generatedFiles } from "./files.ts";
import { begin, end, replaceRegion } from "./region.ts";
import { manifestsDirectory, referenceDirectory } from "./repository.ts";

test("every generated file is what its generator writes (npm run generate -w packages/cli)", async () => {
  const files = await generatedFiles((path) => readFile(path, "utf8"));
  expect(files.size).toBeGreaterThan(30);
  const stale = [...files].filter(([path, text]) => readFileSync(path, "utf8") !== text);
  expect(stale.map(([path]) => path)).toEqual([]);
});

test("the directory of manifests holds the built-in profiles and nothing else", () => {
  const files = compileBuiltins().map(({ name }) => `${name}.json`);
  expect(readdirSync(manifestsDirectory).toSorted()).toEqual(files.toSorted());
});

test("the profiles in profile-format.md compile as they stand there", () => {
  const page = readFileSync(join(referenceDirectory, "profile-format.md"), "utf8");
  const blocks = [...page.matchAll(/```json\n([^]*?)```/g)].map((match) => match[1] ?? "");
  expect(blocks).toHaveLength(2);
  const [nginx = "", nono = ""] = blocks;
  const compiled = compileProfile("nginx", libraryWith("nginx", parseProfileJson(nginx, "nginx")));
  expect(compiled.warnings).toEqual([]);
  const { grants } = compiled.manifest.filesystem;
  expect(grants).toContainEqual({ path: "/var/log/nginx", access: "readwrite" });
  expect(compiled.manifest.network).toEqual({ mode: "unrestricted", ports: { bind: [80, 443] } });
  expect(() => compileProfile("nono-go", libraryWith("nono-go", parseProfileJson(nono, "nono-go")))).toThrow(
    "nono:go-dev",
  );
});

function libraryWith(name: string, json: unknown): Library {
  return new Library([
    { name: "files", profiles: new Map([[name, { json, where: name }]]), groups: new Map() },
    builtinShelf,
  ]);
}

describe("replaceRegion", () => {
  test("leaves what is around the markers, appends them to a new page", () => {
    const page = `# A\n\n${begin}\nold\n${end}\n\nafter\n`;
    expect(replaceRegion(page, "new\n")).toBe(`# A\n\n${begin}\n\nnew\n\n${end}\n\nafter\n`);
    expect(replaceRegion(replaceRegion(page, "new"), "new")).toBe(replaceRegion(page, "new"));
    expect(replaceRegion("# A\n", "new")).toBe(`# A\n\n${begin}\n\nnew\n\n${end}\n`);
  });

  test("a page with one marker is an error", () => {
    expect(() => replaceRegion(`# A\n${begin}\n`, "new")).toThrow("a marker is missing");
    expect(() => replaceRegion(`# A\n${end}\n${begin}\n`, "new")).toThrow("a marker is missing");
  });
});
