/** The table of values, for the reference page and the chart's README. */
import { type Entry } from "../values/section.ts";

/** A Markdown table per section; top-level values that belong to no section come first. */
export function valuesTables(entries: readonly Entry[]): string {
  const single = entries.filter((entry) => entry.kind === "value");
  const sections = entries.filter((entry) => entry.kind === "section");
  return [
    table(single),
    ...sections.map((entry) => `### \`${entry.name}\`\n\n${entry.description}\n\n${table([entry])}`),
  ].join("\n\n");
}

function table(entries: readonly Entry[]): string {
  const rows = entries.flatMap(rowsOf).map((cells) => `| ${cells.map(escaped).join(" | ")} |`);
  return ["| value | default | effect |", "| --- | --- | --- |", ...rows].join("\n");
}

function rowsOf(entry: Entry): string[][] {
  if (entry.kind === "section") return entry.entries.flatMap(rowsOf);
  return [[`\`${entry.path}\``, `\`${JSON.stringify(entry.initial)}\``, entry.description]];
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}
