/** Links between the repository's own pages, without building the site: to files that are there, and to headings in them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import GithubSlugger from "github-slugger";
import { expect, test } from "vitest";
import { resolveLink } from "./.vitepress/links.ts";
import { markdownFiles, pageOf, root } from "./.vitepress/pages.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8").replaceAll(/^( *)```.*?^\1```/gms, "");
const pages = new Map(
  markdownFiles().flatMap((file) => (pageOf(file) === undefined ? [] : [[`/${pageOf(file)}`, file]])),
);

function anchorsOf(file: string): Set<string> {
  const slugger = new GithubSlugger();
  const headings = [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) =>
    slugger.slug(text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[`*]/g, "")),
  );
  const codes = [...read(file).matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code = ""]) => code);
  return new Set([...headings, ...codes]);
}

test.each(markdownFiles().filter((file) => pageOf(file) !== undefined || file === "README.md"))("%s", (file) => {
  const links = [
    ...read(file)
      .replaceAll(/`[^`\n]*`/g, "")
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, link = ""]) => link);
  const dead = links.filter((link) => {
    const [page = "", anchor] = (
      link.startsWith("#") ? `/${pageOf(file)}${link}` : resolveLink(link, file, "https://")
    ).split("#");
    const target = page === "/undefined" ? file : pages.get(page);
    return anchor !== undefined && target !== undefined && !anchorsOf(target).has(decodeURIComponent(anchor));
  });
  expect(dead).toEqual([]);
});
