import type { Comparison } from "./compare.ts";
import { type Difference, differences, type Effect, refusals } from "./differences.ts";
import { manifestCases } from "./manifests.ts";

const headings: Record<Effect, string> = {
  "ours allows more": "Ours allows what nono refuses",
  "ours refuses more": "Ours refuses what nono allows",
  "another errno": "Both refuse, with another errno",
};

/** Renders docs/reference/nono-differences.md from all comparisons. */
export function differencesPage(comparisons: Comparison[], nonoVersion: string, landlockAbi: number): string {
  const different = comparisons.filter(({ effect }) => effect !== undefined).length;
  return `# Differences to nono

Written by \`e2e/cases/launcher-differential.test.ts\` (\`UPDATE_DOCS=1\` writes it anew), which fails on a difference that is not listed here.

Our launcher and nono ${nonoVersion} (\`nono wrap --config\`) were given the same capability manifests, and one static program tried the same operations under both, as root, on Landlock ABI ${landlockAbi}.
${manifestCases.length} manifests, ${comparisons.length} comparisons: ${comparisons.length - different} answers are equal, ${different} differ for the reasons below.
Upstream is compared as a launcher of one command. What its command line adds around that (its own profiles, environment, state files, banner) is not.

${Object.entries(headings)
  .map(([effect, heading]) => section(heading, comparisons, effect))
  .join("\n")}
## Manifests

| manifest | what it is for | compared | refused by ours | refused by nono |
|---|---|---|---|---|
${manifestCases.map(({ name, about }) => manifestRow(name, about, comparisons)).join("\n")}
`;
}

function section(heading: string, comparisons: Comparison[], effect: string): string {
  const listed = differences.filter((difference) => difference.effect === effect);
  return `## ${heading}\n\n${listed.map((difference) => entry(difference, comparisons)).join("\n")}`;
}

function entry(difference: Difference, comparisons: Comparison[]): string {
  const seen = comparisons.filter((comparison) => comparison.difference === difference);
  const [example] = seen;
  if (example === undefined) {
    return `### ${difference.title}\n\nNot seen.\n`;
  }
  const manifests = [...new Set(seen.map(({ manifest }) => manifest))];
  const where = manifests.length === manifestCases.length ? "all" : manifests.map((name) => `\`${name}\``).join(", ");
  const operation = `\`${example.operation.replaceAll("\t", " ")}\``;
  return `### ${difference.title}

${difference.reason}

Seen ${seen.length} ${seen.length === 1 ? "time" : "times"}, manifests: ${where}. Example (\`${example.manifest}\`): ${operation} answers \`${example.ours}\`, under nono \`${example.nono}\`.
`;
}

function manifestRow(name: string, about: string, comparisons: Comparison[]): string {
  const own = comparisons.filter(({ manifest }) => manifest === name);
  const refused = (answer: "ours" | "nono"): number =>
    own.filter((comparison) => refusals.has(comparison[answer])).length;
  return `| \`${name}\` | ${about} | ${own.length} | ${refused("ours")} | ${refused("nono")} |`;
}
