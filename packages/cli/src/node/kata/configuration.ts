/** A QEMU configuration of Kata, as its runtime reads it: the file, then every file of `config.d` beside it. Pure. */
import { NodeError, nodeError } from "../errors.ts";
import { isTable, tableAt } from "../containerd/effective.ts";
import { parseTomlValues, TomlError, type TomlTable } from "../toml/parse.ts";

export interface KataFile {
  readonly path: string;
  readonly text: string;
}

/** A main file where Kata finds it when it has followed links, and its drop-ins in the order of their names. */
export interface KataFiles {
  readonly main: KataFile;
  readonly dropIns: readonly KataFile[];
}

export interface KataConfiguration {
  /** Kata's Go runtime, or the Rust one, which is the default since Kata 4.0: some of their keys differ. */
  readonly runtime: "go" | "rust";
  /** `[hypervisor.qemu]` and `[runtime]`, drop-ins merged. */
  readonly hypervisor: TomlTable;
  readonly settings: TomlTable;
}

/**
 * Merges as Kata does since 2.5: a key of a later file takes the place of that of an earlier one, tables are merged.
 * https://github.com/kata-containers/kata-containers/pull/4109
 * @throws {NodeError} KF_KATA_CONFIG
 */
export function readKata({ main, dropIns }: KataFiles): KataConfiguration {
  const values = dropIns.reduce((low, file) => merge(low, parse(file)), parse(main));
  const hypervisors = Object.keys(tableAt(values, ["hypervisor"]));
  if (!hypervisors.includes("qemu")) {
    const what = `it configures ${hypervisors.join(", ") || "no hypervisor"}, not QEMU`;
    throw nodeError("KF_KATA_CONFIG", main.path, what);
  }
  const settings = tableAt(values, ["runtime"]);
  return {
    // Only the Rust runtime chooses its hypervisor by a key.
    runtime: typeof settings["hypervisor_name"] === "string" ? "rust" : "go",
    hypervisor: tableAt(values, ["hypervisor", "qemu"]),
    settings,
  };
}

function parse({ path, text }: KataFile): TomlTable {
  try {
    return parseTomlValues(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    throw new NodeError([{ code: "KF_KATA_CONFIG", where: path, what: cause.message }], { cause });
  }
}

/** `high` over `low`; neither is changed. */
function merge(low: TomlTable, high: TomlTable): TomlTable {
  const merged = { ...low };
  for (const [key, value] of Object.entries(high)) {
    const known = merged[key];
    merged[key] = isTable(value) && isTable(known) ? merge(known, value) : value;
  }
  return merged;
}
