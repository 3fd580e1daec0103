/**
 * Links are written for a reader of the repository: relative to the file they stand in. On the site those to pages lead to the
 * page, and those to other files of the repository to the file on GitHub; one that leads nowhere fails the build.
 */
import { existsSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { MarkdownRenderer } from "vitepress";
import { pageOf, root } from "./pages.ts";

/** Where `href` of the repository's file leads on the site. Throws where it leads nowhere. */
export function resolveLink(href: string, file: string, repository: string): string {
  if (/^(?:[a-z][a-z0-9+.-]*:|\/\/|#|\/)/i.test(href)) return href;
  const [, path = "", anchor = ""] = /^([^#]*)(#.*)?$/.exec(href) ?? [];
  const target = relative(root, join(root, dirname(file), decodeURI(path)));
  if (target.startsWith("..") || !existsSync(join(root, target))) throw new Error(`${file}: dead link ${href}`);
  const isDirectory = statSync(join(root, target)).isDirectory();
  const page = isDirectory ? folderPage(target) : pageOf(target);
  if (page !== undefined) return `/${page}${anchor}`;
  return `${repository}/${isDirectory ? "tree" : "blob"}/main/${target}${anchor}`;
}

/** The page that stands for a folder: its index or README. */
function folderPage(folder: string): string | undefined {
  const file = ["index.md", "README.md"].map((name) => join(folder, name)).find((name) => existsSync(join(root, name)));
  return file === undefined ? undefined : pageOf(file);
}

/** Rewrites every link of a page before VitePress looks at it. */
export function repositoryLinks(markdown: MarkdownRenderer, repository: string): void {
  markdown.core.ruler.push("repository-links", (state) => {
    const env: { path: string; realPath?: string } = state.env;
    const file = relative(root, env.realPath ?? env.path);
    for (const token of state.tokens.flatMap(({ children }) => children ?? []))
      if (token.type === "link_open") {
        const href = token.attrGet("href");
        if (href !== null) token.attrSet("href", resolveLink(href, file, repository));
      }
  });
}
