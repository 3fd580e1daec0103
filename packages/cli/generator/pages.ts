/** The generated parts of docs/reference: profiles, the profile format, the command line. */
import type { Command } from "commander";
import type { Compiled } from "../src/profile/compile.ts";
import { type KeyRule, profileKeys } from "../src/profile/keys.ts";
import type { FoundGroup } from "../src/profile/library.ts";
import { homeSpellings } from "../src/profile/path.ts";
import type { ConditionalPath } from "../src/profile/source.ts";
import { viewManifest } from "../src/profile/view.ts";

/** Every generated part, by the page's path under docs/reference. */
export function referenceRegions(profiles: readonly Compiled[], program: Command): ReadonlyMap<string, string> {
  return new Map([
    ["profiles.md", profileIndex(profiles)],
    ["profile-format.md", `${keyTable()}\n\n${groupTable(profiles)}`],
    ["cli.md", helpOf(program)],
    ...profiles.map((profile): [string, string] => [`profiles/${profile.name}.md`, profilePage(profile)]),
  ]);
}

function profileIndex(profiles: readonly Compiled[]): string {
  const rows = profiles.map(({ name, description }) => [`[${name}](profiles/${name}.md)`, description ?? ""]);
  return table(["profile", "in one line"], rows);
}

/** What one profile grants and keeps closed. */
function profilePage({ manifest, groups }: Compiled): string {
  const { volumes, network } = viewManifest(manifest);
  return [
    "## What it grants",
    table(["paths", "access", "why"], grantRows(manifest.filesystem.grants, groups)),
    "## What stays closed inside that",
    table(["paths", "why"], exceptionRows(manifest.kubefence.exceptions, groups)),
    "`$HOME/…` stands for the same path in `/root` and in every `/home/*`, too.",
    "## Volumes and network",
    table(["", "access"], [...volumes, ["TCP", network]]),
  ].join("\n\n");
}

function grantRows(grants: Compiled["manifest"]["filesystem"]["grants"], groups: readonly FoundGroup[]): string[][] {
  const accessOf = new Map(grants.map((grant) => [grant.path, grant.access]));
  const rows: string[][] = [];
  for (const { group } of groups) {
    for (const access of ["read", "write", "readwrite"] as const) {
      // A path that another group or the profile widens is shown there.
      const paths = texts(group.allow?.[access]).filter(
        (path) => accessOf.get(path) === access && accessOf.delete(path),
      );
      if (paths.length > 0) rows.push([code(paths), access, group.description ?? ""]);
    }
  }
  const own = Map.groupBy(accessOf.keys(), (path) => accessOf.get(path));
  for (const [access, paths] of own) rows.push([code(paths), access ?? "", "this profile, or one that it extends"]);
  return rows;
}

function exceptionRows(exceptions: readonly string[], groups: readonly FoundGroup[]): string[][] {
  const left = new Set(exceptions);
  const rows: string[][] = [];
  for (const { group } of groups) {
    const paths = texts(group.deny?.access).filter((path) => left.has(path));
    for (const path of paths.flatMap(homeSpellings)) left.delete(path);
    if (paths.length > 0) rows.push([code(paths), group.description ?? ""]);
  }
  if (left.size > 0) rows.push([code([...left]), "this profile, or one that it extends"]);
  return rows;
}

function texts(paths: readonly ConditionalPath[] | undefined): string[] {
  return (paths ?? []).map((path) => (typeof path === "string" ? path : path.path));
}

function keyTable(): string {
  const rows = Object.entries(profileKeys).map(([key, rule]) => [`\`${key}\``, ...describeRule(rule)]);
  return `## Every key\n\n${table(["key", "what becomes of it", "detail"], rows)}`;
}

function describeRule(rule: KeyRule): [string, string] {
  if (rule.kind === "compiled") return ["compiled", `${rule.what}. ${inheritance[rule.inherited]}`];
  if (rule.kind === "ignored") return ["ignored", rule.why];
  if (rule.kind === "refused") {
    return [rule.emptyAsks ? "refused" : "refused unless empty", `${rule.why}. Instead: ${rule.instead}`];
  }
  return [`accepted: ${rule.values.join(", ")}`, `${rule.why}. Other values are refused: ${rule.instead}`];
}

const inheritance = {
  appended: "Adds to what is inherited.",
  replaced: "Replaces what is inherited.",
  either: "True if any profile of the chain says so.",
};

function groupTable(profiles: readonly Compiled[]): string {
  const groups = new Map(profiles.flatMap((profile) => profile.groups).map((found) => [found.id, found]));
  const rows = [...groups.values()].map(({ id, group }) => {
    const allowed = (["read", "write", "readwrite"] as const).flatMap((access) => texts(group.allow?.[access]));
    return [
      `\`${id.slice(id.indexOf(":") + 1)}\``,
      group.description ?? "",
      allowed.length > 0 ? "grants" : "exceptions",
    ];
  });
  return `## Our groups\n\n${table(["group", "what it holds", "kind"], rows)}`;
}

function helpOf(program: Command): string {
  return withSubcommands(program)
    .filter((command) => command.commands.length === 0)
    .map((command) => {
      command.configureHelp({ helpWidth: 100 });
      return `## ${fullName(command)}\n\n\`\`\`\n${command.helpInformation().trim()}\n\`\`\``;
    })
    .join("\n\n");
}

/** Level by level: the order of the page. */
function withSubcommands(program: Command): Command[] {
  const commands: Command[] = [];
  for (let level: readonly Command[] = [program]; level.length > 0; level = level.flatMap((group) => group.commands)) {
    commands.push(...level);
  }
  return commands;
}

function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

function code(paths: readonly string[]): string {
  return paths.map((path) => `\`${path}\``).join(" ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [tableRow(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(tableRow)].join("\n");
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
