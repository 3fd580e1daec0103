import { expect, test } from "vitest";
import { resolveLink } from "./.vitepress/links.ts";
import { markdownFiles, pageOf } from "./.vitepress/pages.ts";
import { linksOf, sidebar } from "./.vitepress/sidebar.ts";

const github = "https://example.com/r";

test("every page is in the table of contents, and nothing else is", () => {
  const pages = markdownFiles()
    .flatMap((file) => pageOf(file) ?? [])
    .map((page) => `/${page.replace(/(?:(?<=\/)index)?\.md$/, "")}`)
    .filter((page) => page !== "/index");
  expect(linksOf(sidebar).toSorted()).toEqual(pages.toSorted());
});

test("links of the repository lead to the page, or to the file on GitHub, or fail", () => {
  const from = "docs/guide/installation.md";
  expect(resolveLink("../reference/chart.md#image", from, github)).toBe("/reference/chart.md#image");
  expect(resolveLink("../../SECURITY.md", from, github)).toBe("/security.md");
  expect(resolveLink("../../deploy/crio-nri.conf", from, github)).toBe(`${github}/blob/main/deploy/crio-nri.conf`);
  expect(resolveLink("../../deploy", from, github)).toBe(`${github}/tree/main/deploy`);
  expect(resolveLink("../adr", from, github)).toBe("/adr/index.md");
  for (const kept of ["https://example.org/x", "#upgrade", "/guide/sdk"])
    expect(resolveLink(kept, from, github)).toBe(kept);
  expect(() => resolveLink("../nowhere.md", from, github)).toThrow(
    "docs/guide/installation.md: dead link ../nowhere.md",
  );
  expect(() => resolveLink("../../../outside", from, github)).toThrow("dead link");
});
