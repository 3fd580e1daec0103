/**
 * What a node's CRI-O needs. Its files are merged by the rule of crio.conf.d(5): the main file, then the drop-ins in the order of
 * their names; a later file's value wins. The table of a handler takes the place of an earlier one as a whole:
 * https://github.com/cri-o/cri-o/issues/8307. Pure.
 */
import { stringify } from "smol-toml";
import type { NodeProblem } from "../errors.ts";
import { dropInMark, handlerName, type NodeSettings } from "../settings.ts";
import { isTable, tableAt, textAt } from "../containerd/effective.ts";
import { parseTomlValues, TomlError, type TomlTable } from "../toml/parse.ts";

export interface CrioFile {
  readonly path: string;
  readonly text: string;
}

export interface CrioProposal {
  readonly dropIn: CrioFile;
  /** Drop-ins that hold nothing but the original's handler, which would win over ours. */
  readonly superseded: readonly string[];
  readonly baseProgram: string;
  readonly notes: readonly string[];
}

/** Sorts after what other installers use; two digits are the custom. */
const crioDropInName = "99-kubefence.conf";

const header = `${dropInMark}, which overwrites it; kubefence node uninstall removes it.
# The handler has what the node's own handler has, and nono-runc as its program.
`;

/** CRI-O's own programs, where its files name none. */
const usualPrograms = { crun: "/usr/libexec/crio/crun", runc: "/usr/libexec/crio/runc" } as const;

/** `files` in the order in which CRI-O reads them, ours among them or not; `folder` is crio.conf.d. */
export function proposeCrio(
  files: readonly CrioFile[],
  folder: string,
  settings: NodeSettings,
): CrioProposal | NodeProblem {
  const path = `${folder}/${crioDropInName}`;
  const parsed: { path: string; values: TomlTable }[] = [];
  for (const file of files) {
    if (file.path === path) continue;
    try {
      parsed.push({ path: file.path, values: parseTomlValues(file.text) });
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      return {
        code: "KF_NODE_TOML",
        where: file.path,
        what: error.message,
        action: "correct it; CRI-O would not start with it either",
      };
    }
  }
  const later = parsed.filter(
    (file) => file.path > path && Object.keys(handlerOf(file.values, handlerName)).length > 0,
  );
  const foreign = later.find((file) => !holdsOnlyHandler(file.values));
  if (foreign !== undefined) {
    const what = `it is read after ${path} and has the handler ${handlerName} too`;
    return { code: "KF_NODE_OVERRIDDEN", where: foreign.path, what, action: "take the table out of it" };
  }
  const merged = parsed.filter((file) => !later.includes(file)).map(({ values }) => values);
  const name = lastText(merged, "default_runtime") || "crun";
  const base = handlerOf(merged.findLast((values) => Object.hasOwn(runtimesOf(values), name)) ?? {}, name);
  if ((textAt(base, "runtime_type") || "oci") !== "oci") {
    return { code: "KF_NODE_BASE_HANDLER", where: folder, what: `the default handler ${name} is not of type oci` };
  }
  const baseProgram = textAt(base, "runtime_path") || (name === "runc" ? usualPrograms.runc : usualPrograms.crun);
  const handler: TomlTable = { ...base, runtime_path: settings.program };
  const nri = nriTable(merged, settings);
  const table: TomlTable = { runtime: { runtimes: { [handlerName]: handler } } };
  if (Object.keys(nri).length > 0) table["nri"] = nri;
  return {
    dropIn: { path, text: `${header}${stringify({ crio: table })}`.trimEnd() + "\n" },
    superseded: later.map((file) => file.path),
    baseProgram,
    notes: later.map(
      (file) => `${file.path} has only the handler ${handlerName}: it is removed, and back after uninstall`,
    ),
  };
}

function runtimesOf(values: TomlTable): TomlTable {
  return tableAt(values, ["crio", "runtime", "runtimes"]);
}

function handlerOf(values: TomlTable, name: string): TomlTable {
  return tableAt(runtimesOf(values), [name]);
}

/** True for a file such as the original's deploy script wrote. */
function holdsOnlyHandler(values: TomlTable): boolean {
  const path = ["crio", "runtime", "runtimes", handlerName];
  let table = values;
  for (const key of path) {
    if (Object.keys(table).some((other) => other !== key)) return false;
    const next = table[key];
    if (!isTable(next)) return false;
    table = next;
  }
  return true;
}

// NRI is on since CRI-O 1.30 where no file says otherwise.
function nriTable(merged: readonly TomlTable[], { nri }: NodeSettings): TomlTable {
  const current = joined(merged.map((values) => tableAt(values, ["crio", "nri"])));
  const table: TomlTable = {};
  if (current["enable_nri"] === false) table["enable_nri"] = true;
  if (current["nri_disable_connections"] === true) table["nri_disable_connections"] = false;
  for (const [key, wanted] of [
    ["nri_listen", nri.socketPath],
    ["nri_plugin_dir", nri.pluginPath],
    ["nri_plugin_config_dir", nri.configPath],
  ] as const) {
    if (wanted !== undefined && wanted !== current[key]) table[key] = wanted;
  }
  return table;
}

function joined(tables: readonly TomlTable[]): TomlTable {
  return tables.reduce((all, table) => ({ ...all, ...table }), {});
}

function lastText(merged: readonly TomlTable[], key: string): string {
  return (
    merged.map((values) => textAt(tableAt(values, ["crio", "runtime"]), key)).findLast((text) => text !== "") ?? ""
  );
}
