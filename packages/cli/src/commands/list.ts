/** kubefence profile list */
import { type Installed, readInstalled } from "../files/installed.ts";
import { builtinNames, builtinShelf } from "../profile/builtin.ts";
import { type Compiled, compileProfile, formatManifest } from "../profile/compile.ts";
import { Library } from "../profile/library.ts";
import type { Output } from "./output.ts";

export interface ListOptions {
  readonly dir: string;
  /** --dir was given, so it has to exist. */
  readonly dirGiven: boolean;
  readonly json?: boolean | undefined;
}

interface Row {
  readonly name: string;
  readonly builtin: boolean;
  /** The installed file, null when there is none. */
  readonly installed: string | null;
  /** Installed and, byte for byte, what this version of Kubefence compiles. */
  readonly current: boolean;
  /** Why the launcher would refuse the installed file. */
  readonly error: string | null;
  readonly description: string | null;
}

/** The built-in profiles and those that a node has installed. */
export async function list(options: ListOptions): Promise<Output> {
  const installed = await readInstalled(options.dir, options.dirGiven);
  const library = new Library([builtinShelf]);
  const own = [...installed.keys()].filter((name) => !builtinNames.includes(name));
  const rows = [
    ...builtinNames.map((name) => toRow(name, installed.get(name), compileProfile(name, library))),
    ...own.map((name) => toRow(name, installed.get(name), undefined)),
  ];
  return { stdout: options.json ? `${JSON.stringify(rows, null, 2)}\n` : formatTable(rows, installed.size > 0) };
}

function toRow(name: string, installed: Installed | undefined, builtin: Compiled | undefined): Row {
  return {
    name,
    builtin: builtin !== undefined,
    installed: installed?.path ?? null,
    current: builtin !== undefined && installed?.text === formatManifest(builtin.manifest),
    error: installed?.error ? `${installed.error.code}: ${installed.error.message}` : null,
    description: builtin?.description ?? null,
  };
}

function formatTable(rows: readonly Row[], isNode: boolean): string {
  const cells = rows.map((row) => [row.name, describeState(row, isNode), row.error ?? row.description ?? ""]);
  const table = [["NAME", "STATE", "DESCRIPTION"], ...cells];
  const width = (column: number): number => Math.max(...table.map((row) => row[column]?.length ?? 0)) + 2;
  const [first, second] = [width(0), width(1)];
  return table
    .map(([name = "", state = "", text = ""]) => `${`${name.padEnd(first)}${state.padEnd(second)}${text}`.trimEnd()}\n`)
    .join("");
}

/** `isNode`: the directory has manifests, so the launcher knows no others. */
function describeState(row: Row, isNode: boolean): string {
  if (row.error !== null) return "installed, unusable";
  if (row.installed === null) return isNode ? "built-in, not installed" : "built-in";
  if (!row.builtin) return "installed";
  return row.current ? "built-in, installed" : "installed, differs from built-in";
}
