/** Which Markdown of the repository is a page of the site, and where. The files stay where they are read on their own, too. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** The repository's root, which is the site's source directory. */
export const root: string = join(import.meta.dirname, "..", "..");

const elsewhere: Readonly<Record<string, string>> = {
  "ARCHITECTURE.md": "architecture.md",
  "CHANGELOG.md": "changelog.md",
  "CONTRIBUTING.md": "contributing.md",
  "SECURITY.md": "security.md",
  "packages/nri/README.md": "sdk/api.md",
  "deploy/kind/README.md": "guide/kind.md",
  "contrib/README.md": "demos/index.md",
};

/** The page's path on the site, .md and all, or undefined for a file that is no page. */
export function pageOf(file: string): string | undefined {
  if (file.startsWith("docs/") && file.endsWith(".md")) return file.slice("docs/".length);
  const demo = /^contrib\/([\w-]+)\/README\.md$/.exec(file)?.[1];
  return demo === undefined ? elsewhere[file] : `demos/${demo}.md`;
}

/** Every Markdown file of the repository that git knows or would take. */
export function markdownFiles(): string[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"], {
    cwd: root,
    encoding: "utf8",
  });
  return listed.split("\0").filter((file) => file !== "");
}
