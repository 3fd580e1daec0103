import { readFileSync, writeFileSync } from "node:fs";
import { configurationKeys } from "./configuration.ts";
import { commandErrors, launcherErrors, pluginErrors, sdkErrors } from "./errors.ts";
import { metricsTable } from "./metrics.ts";
import { abiTable, requirementsTable } from "./requirements.ts";

/** What is generated into which page, between `<!-- generated: NAME -->` and `<!-- end -->`. The rest is written by hand. */
const pages: Readonly<Record<string, Readonly<Record<string, () => string | Promise<string>>>>> = {
  configuration: { keys: configurationKeys },
  errors: {
    "refused containers": () => pluginErrors("container"),
    launcher: () => pluginErrors("launcher"),
    start: () => pluginErrors("start"),
    "inside the container": launcherErrors,
    "command line": commandErrors,
    SDK: sdkErrors,
  },
  metrics: { metrics: metricsTable },
  requirements: { requirements: requirementsTable, landlock: abiTable },
};

export const pageNames: readonly string[] = Object.keys(pages);

/** The page as it should be: hand-written text as it is, generated parts anew. */
export async function renderPage(name: string): Promise<string> {
  let text = readFileSync(pageUrl(name), "utf8");
  for (const [part, generate] of Object.entries(pages[name] ?? {})) {
    const begin = `<!-- generated: ${part} -->\n`;
    const start = text.indexOf(begin);
    const end = text.indexOf("<!-- end -->", start);
    if (start < 0 || end < 0) throw new Error(`docs/reference/${name}.md has no place for "${part}"`);
    text = `${text.slice(0, start)}${begin}\n${await generate()}\n\n${text.slice(end)}`;
  }
  return text;
}

/** The page as it is. */
export function readPage(name: string): string {
  return readFileSync(pageUrl(name), "utf8");
}

export async function writePages(): Promise<void> {
  for (const name of pageNames) writeFileSync(pageUrl(name), await renderPage(name));
}

function pageUrl(name: string): URL {
  return new URL(`../../../../docs/reference/${name}.md`, import.meta.url);
}
