import { readFileSync } from "node:fs";
import { join } from "node:path";
import { slug } from "github-slugger";
import { defineConfig } from "vitepress";
import { codeAnchors } from "./codes.ts";
import { COMMAND_LANGUAGES, parseInfo, renderMark } from "./commands.ts";
import { renderDiagram } from "./diagrams.ts";
import { repositoryLinks } from "./links.ts";
import { markdownFiles, pageOf, root } from "./pages.ts";
import { sidebar } from "./sidebar.ts";

const { repository }: { repository: string } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const name = repository.split("/").at(-1) ?? "";

export default defineConfig({
  title: "Kubefence",
  description: "Landlock sandboxes for Kubernetes containers, chosen by RuntimeClass, without touching their images",
  lang: "en",
  // Where GitHub Pages has it: OWNER.github.io/REPOSITORY/
  base: process.env["DOCS_BASE"] ?? `/${name}/`,
  srcDir: "..",
  // Files that are no page, and folders that git does not know.
  srcExclude: [
    ...markdownFiles().filter((file) => pageOf(file) === undefined),
    "build/**",
    "**/dist/**",
    "**/target/**",
  ],
  rewrites: (file) => pageOf(file) ?? file,
  outDir: "../build/docs",
  cacheDir: "../build/.vitepress-cache",
  cleanUrls: true,
  lastUpdated: true,
  vite: {
    publicDir: join(root, "docs", "public"),
  },
  markdown: {
    // Anchors as GitHub makes them, so that a link holds in both places.
    anchor: { slugify: (heading) => slug(heading) },
    config(markdown) {
      repositoryLinks(markdown, repository);
      codeAnchors(markdown);
      const fence = markdown.renderer.rules.fence;
      markdown.renderer.rules.fence = (tokens, index, options, env, self) => {
        const token = tokens[index];
        if (token === undefined || fence === undefined) return "";
        const { language, mark } = parseInfo(token.info);
        if (language === "mermaid") return renderDiagram(token.content);
        if (mark !== undefined) token.info = language;
        const block = fence(tokens, index, options, env, self);
        return COMMAND_LANGUAGES.has(language) && mark !== undefined ? block + renderMark(mark, repository) : block;
      };
    },
  },
  themeConfig: {
    logo: "/logo.svg",
    nav: [
      { text: "Guide", link: "/guide/quick-start", activeMatch: "/guide/" },
      { text: "Reference", link: "/reference/configuration", activeMatch: "/reference/" },
      { text: "SDK", link: "/guide/sdk", activeMatch: "/sdk/" },
      { text: "Security", link: "/security" },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: "local" },
    socialLinks: [{ icon: "github", link: repository }],
    editLink: { pattern: `${repository}/edit/main/:path` },
    footer: { message: "Apache-2.0" },
  },
});
