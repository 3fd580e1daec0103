import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { checkout } from "./stack/directories.ts";

/** Holds a page of docs/reference to what a test found; with UPDATE_DOCS=1 in the environment it is written anew. */
export function expectReferencePage(name: string, content: string): void {
  const path = join(checkout, "docs/reference", name);
  if (process.env["UPDATE_DOCS"] === "1") {
    writeFileSync(path, content);
  }
  expect(content, `docs/reference/${name} is out of date: look at the difference, then UPDATE_DOCS=1`).toBe(
    readFileSync(path, "utf8"),
  );
}
