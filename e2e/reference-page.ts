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

/** The same for the part of a page between `<!-- e2e: NAME -->` and `<!-- end -->`. */
export function expectReferenceRegion(page: string, name: string, content: string): void {
  const before = referencePage(page);
  const [start, end] = [`<!-- e2e: ${name} -->\n\n`, "\n\n<!-- end -->"];
  const from = before.indexOf(start) + start.length;
  const to = before.indexOf(end, from);
  expect([before.includes(start), to > 0], `docs/reference/${page} has a region ${name}`).toEqual([true, true]);
  expectReferencePage(page, before.slice(0, from) + content + before.slice(to));
}

function pagePath(name: string): string {
  return join(checkout, "docs/reference", name);
}
