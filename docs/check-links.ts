/**
 * After the build: every link and picture inside the site leads to a page, an anchor or a file that is there. VitePress looks
 * for pages only, and not at what is generated into them.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const site = join(import.meta.dirname, "..", "build", "docs");
const base = process.env["DOCS_BASE"] ?? "/kubefence/";
const html = readdirSync(site, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
const text = new Map(html.map((name) => [name, readFileSync(join(site, name), "utf8")]));
const ids = new Map(
  [...text].map(([name, page]) => [name, new Set([...page.matchAll(/ id="([^"]+)"/g)].map((id) => id[1]))]),
);

/** The page's file for a path on the site, or undefined. */
function fileOf(path: string): string | undefined {
  const candidates =
    path === "" || path.endsWith("/") ? [`${path}index.html`] : [path, `${path}.html`, `${path}/index.html`];
  return candidates.find((name) => existsSync(join(site, name)) && statSync(join(site, name)).isFile());
}

const dead: string[] = [];
let checked = 0;
for (const [name, page] of text) {
  if (name === "404.html") continue;
  for (const [, attribute, url = ""] of page.matchAll(/ (href|src)="([^"]+)"/g)) {
    if (/^(?:https?:|mailto:|data:)/.test(url)) continue;
    checked++;
    const { pathname, hash } = new URL(
      url.replaceAll("&amp;", "&"),
      `http://site${base}${name.replace(/(?:index)?\.html$/, "")}`,
    );
    const file = pathname.startsWith(base) ? fileOf(decodeURI(pathname.slice(base.length))) : undefined;
    if (file === undefined) dead.push(`${name}: ${attribute} ${url}: no such page or file`);
    else if (hash !== "" && !ids.get(file)?.has(decodeURIComponent(hash.slice(1))))
      dead.push(`${name}: ${url}: no such anchor`);
  }
}
if (dead.length > 0) {
  console.error([...new Set(dead)].join("\n"));
  process.exit(1);
}
console.log(`${html.length} pages, ${checked} links, none dead`);
