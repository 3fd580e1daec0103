/** What every generated file of the chart should hold. main.ts writes it; a test compares it with what is there. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { entriesOf } from "../values/section.ts";
import { values } from "../values/index.ts";
import { dashboardJson } from "./dashboard.ts";
import { valuesSchema } from "./json-schema.ts";
import { valuesTables } from "./reference.ts";
import { valuesYaml } from "./values-yaml.ts";

const chart = new URL("../kubefence/", import.meta.url);
const page = new URL("../../docs/reference/chart.md", import.meta.url);
const readme = new URL("README.md", chart);

/** Path to text. Pages keep their hand-written parts. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const entries = entriesOf(values);
  const tables = valuesTables(entries);
  const files: [URL, string][] = [
    [new URL("values.yaml", chart), valuesYaml(entries)],
    [new URL("values.schema.json", chart), valuesSchema(values)],
    [new URL("generated/dashboard.json", chart), dashboardJson()],
    // Links are those of the reference pages.
    [readme, withPart(readme, tables.replaceAll(/\]\((?=[\w-]+\.md)/g, "](../../docs/reference/"))],
    [page, withPart(page, tables)],
  ];
  return new Map(files.map(([url, text]) => [fileURLToPath(url), text]));
}

const begin = "<!-- generated: values -->\n";
const end = "<!-- end -->";

function withPart(url: URL, part: string): string {
  const text = readFileSync(url, "utf8");
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`${url.pathname} has no place for the values: a marker is missing`);
  return `${text.slice(0, from)}${begin}\n${part}\n\n${text.slice(to)}`;
}
