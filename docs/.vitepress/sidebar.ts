/** The site's table of contents. What it does not place comes behind the rest of its section, under its own title. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DefaultTheme } from "vitepress";
import { markdownFiles, pageOf, root } from "./pages.ts";

const files = new Map(
  markdownFiles().flatMap((file) => (pageOf(file) === undefined ? [] : [[pageOf(file) ?? "", file]])),
);
const pages = new Set(files.keys());

const page = (text: string, link: string): DefaultTheme.SidebarItem => ({ text, link });
/** Those of a folder, by their file names. */
function folder(path: string, title: (name: string) => string = (name) => name): DefaultTheme.SidebarItem[] {
  return [...pages]
    .filter(
      (name) => name.startsWith(`${path}/`) && !name.slice(path.length + 1).includes("/") && !name.endsWith("index.md"),
    )
    .toSorted()
    .map((name) => page(title(name.slice(path.length + 1, -3)), `/${name.slice(0, -3)}`));
}

const placed: DefaultTheme.SidebarItem[] = [
  {
    text: "Start",
    items: [
      page("Quick start", "/guide/quick-start"),
      page("Concepts", "/guide/concepts"),
      page("Installation", "/guide/installation"),
      page("Platforms", "/guide/platforms"),
      page("nono-runc or Kata", "/guide/nono-runc-or-kata"),
      page("Kata", "/guide/kata"),
      page("From the original", "/guide/migration"),
      page("Troubleshooting", "/guide/troubleshooting"),
    ],
  },
  {
    text: "Security",
    items: [
      page("Security model", "/security"),
      page("Attacks", "/reference/attacks"),
      page("Seccomp", "/reference/seccomp"),
      page("Admission policies", "/reference/admission"),
      page("Differences to nono", "/reference/nono-differences"),
    ],
  },
  {
    text: "Profiles",
    items: [
      page("Built-in profiles", "/reference/profiles"),
      page("Profile format", "/reference/profile-format"),
      page("Ordinary workloads", "/reference/workloads"),
      { text: "One by one", collapsed: true, items: folder("reference/profiles") },
    ],
  },
  {
    text: "Reference",
    items: [
      page("Configuration", "/reference/configuration"),
      page("Helm chart", "/reference/chart"),
      page("Requirements", "/reference/requirements"),
      page("Command line", "/reference/cli"),
      page("Node set-up", "/reference/node-setup"),
      page("nono-runc", "/reference/nono-runc"),
      page("Launcher", "/reference/launcher"),
      page("Errors", "/reference/errors"),
      page("Log", "/reference/log"),
      page("Metrics", "/reference/metrics"),
      page("Benchmarks", "/reference/benchmarks"),
    ],
  },
  {
    text: "SDK for NRI plugins",
    items: [page("A plugin in 30 lines", "/guide/sdk"), page("API", "/sdk/api")],
  },
  ...(pages.has("demos/index.md") ? [{ text: "Demos", items: [page("Overview", "/demos/"), ...folder("demos")] }] : []),
  {
    text: "Project",
    items: [
      page("Architecture", "/architecture"),
      {
        text: "Decisions",
        link: "/adr/",
        collapsed: true,
        items: folder("adr", (name) => name.replace(/^0*(\d+)-/, "$1 ").replaceAll("-", " ")),
      },
      page("Contributing", "/contributing"),
      page("Changelog", "/changelog"),
    ],
  },
];

/** Links of these and all below them. */
export const linksOf = (items: readonly DefaultTheme.SidebarItem[]): string[] =>
  items.flatMap(({ link, items: inner }) => [...(link === undefined ? [] : [link]), ...linksOf(inner ?? [])]);

function unplaced(section: string): DefaultTheme.SidebarItem[] {
  const links = new Set(linksOf(placed));
  return folder(section, (name) => {
    const text = readFileSync(join(root, files.get(`${section}/${name}.md`) ?? ""), "utf8");
    return /^# (.*)$/m.exec(text)?.[1]?.replaceAll("`", "") ?? name;
  }).filter(({ link = "" }) => !links.has(link));
}

const sections: Readonly<Record<string, string>> = { Start: "guide", Reference: "reference" };

export const sidebar: DefaultTheme.SidebarItem[] = placed.map((section) => ({
  ...section,
  items: [...(section.items ?? []), ...unplaced(sections[section.text ?? ""] ?? "none")],
}));
