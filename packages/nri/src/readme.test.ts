/** The README's code is TypeScript that compiles, its table of errors is the code's, its links lead somewhere. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NRI_ERRORS } from "./errors.ts";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

test("every block of TypeScript compiles", () => {
  const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1] ?? "");
  expect(blocks.length).toBeGreaterThan(4);
  // Inside the package, so that its own name resolves, in a folder that git and the other checks ignore.
  mkdirSync(join(root, "build"), { recursive: true });
  const directory = mkdtempSync(join(root, "build", "readme-"));
  try {
    blocks.forEach((block, index) => writeFileSync(join(directory, `block${index}.ts`), `${block}\nexport {};\n`));
    const config = {
      extends: "../../../../tsconfig.json",
      include: ["."],
      exclude: [],
      compilerOptions: { isolatedDeclarations: false, declaration: false },
    };
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "..", "..", "node_modules", ".bin", "tsc");
    expect(compile(tsc, directory)).toBe("");
  } finally {
    rmSync(directory, { recursive: true });
  }
}, 120_000);

function compile(tsc: string, directory: string): string {
  try {
    return execFileSync(tsc, ["-p", directory], { encoding: "utf8" });
  } catch (error) {
    return error instanceof Error && "stdout" in error ? String(error.stdout) : String(error);
  }
}

test("every error code is in the table, with its status, and no other", () => {
  const rows = [...readme.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map((match) => [match[1], Number(match[2])]);
  expect(Object.fromEntries(rows)).toEqual(
    Object.fromEntries(Object.entries(NRI_ERRORS).map(([code, { status }]) => [code, status])),
  );
});

test("links lead to files", () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] ?? "");
  expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
});
