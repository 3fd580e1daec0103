import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { checkout } from "./stack/directories.ts";

/** Whether pages are written anew instead of only compared. */
export const updatesDocs: boolean = process.env["UPDATE_DOCS"] === "1";

/** The committed text of a page of docs/reference. */
export function referencePage(name: string): string {
  return readFileSync(join(checkout, pagePath(name)), "utf8");
}

/** Holds a page of docs/reference to what a test found; with UPDATE_DOCS=1 in the environment it is written anew. */
export function expectReferencePage(name: string, content: string): void {
  expectFile(pagePath(name), content);
}

/** The same for the part of a page between `<!-- e2e: NAME -->` and `<!-- end -->`. */
export function expectReferenceRegion(page: string, name: string, content: string): void {
  expectRegion(pagePath(page), name, content);
}

/** The same for any page; `path` is relative to the checkout. */
export function expectRegion(path: string, name: string, content: string): void {
  const before = readFileSync(join(checkout, path), "utf8");
  const [start, end] = [`<!-- e2e: ${name} -->\n\n`, "\n\n<!-- end -->"];
  const from = before.indexOf(start) + start.length;
  const to = before.indexOf(end, from);
  expect([before.includes(start), to > 0], `${path} has a region ${name}`).toEqual([true, true]);
  expectFile(path, before.slice(0, from) + content + before.slice(to));
}

/** The same for a whole file; `path` is relative to the checkout. */
export function expectFile(path: string, content: string): void {
  const file = join(checkout, path);
  if (updatesDocs) {
    writeFileSync(file, content);
  }
  expect(content, `${path} is out of date: look at the difference, then UPDATE_DOCS=1`).toBe(
    readFileSync(file, "utf8"),
  );
}

function pagePath(name: string): string {
  return join("docs/reference", name);
}
