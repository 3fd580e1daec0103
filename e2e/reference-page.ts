import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { checkout } from "./stack/directories.ts";

/** The committed text of a page of docs/reference. */
export function referencePage(name: string): string {
  return readFileSync(pagePath(name), "utf8");
}

/** Holds a page of docs/reference to what a test found; with UPDATE_DOCS=1 in the environment it is written anew. */
export function expectReferencePage(name: string, content: string): void {
  if (process.env["UPDATE_DOCS"] === "1") {
    writeFileSync(pagePath(name), content);
  }
  expect(content, `docs/reference/${name} is out of date: look at the difference, then UPDATE_DOCS=1`).toBe(
    referencePage(name),
  );
}

function pagePath(name: string): string {
  return join(checkout, "docs/reference", name);
}
