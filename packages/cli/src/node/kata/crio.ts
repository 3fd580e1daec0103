/** Our Kata handler for CRI-O, by the rule of crio.conf.d(5). Shown by fixtures. Pure. */
import { stringify } from "smol-toml";
import { isTable, tableAt, textAt } from "../containerd/effective.ts";
import type { CrioFile } from "../crio/propose.ts";
import { nodeError } from "../errors.ts";
import { parseTomlValues, TomlError, type TomlTable } from "../toml/parse.ts";
import { configurationPath } from "./derive.ts";
import type { KataHandler } from "./handler.ts";
import { kataCrioDropInName, kataHandlerName, kataMark, type KataSettings } from "./settings.ts";

/**
 * Tables of CRI-O's handlers without our drop-in. A later file's table takes the place of an earlier one as a whole:
 * https://github.com/cri-o/cri-o/issues/8307. @throws {NodeError} KF_NODE_TOML
 */
export function crioHandlers(files: readonly CrioFile[]): Map<string, TomlTable> {
  const tables = files
    .filter(({ path }) => !path.endsWith(`/${kataCrioDropInName}`))
    .flatMap((file) => Object.entries(tableAt(parse(file), ["crio", "runtime", "runtimes"])));
  return new Map(tables.flatMap(([name, table]) => (isTable(table) ? [[name, table] as const] : [])));
}

function parse({ path, text }: CrioFile): TomlTable {
  try {
    return parseTomlValues(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const action = "correct it; CRI-O would not start with it either";
    throw nodeError("KF_NODE_TOML", path, cause.message, { action, cause });
  }
}

/** As CRI-O has it. */
export function readCrioTable(table: TomlTable): Pick<KataHandler, "shim" | "configuration"> {
  return {
    shim: textAt(table, "runtime_path") || undefined,
    configuration: textAt(table, "runtime_config_path") || undefined,
  };
}

/**
 * The drop-in. CRI-O gives a VM runtime every annotation of the pod, so the list of those that reach Kata can only be Kata's
 * own (`enable_annotations`), and the plugin refuses the rest.
 */
export function kataCrioDropIn({ name, table }: KataHandler, settings: KataSettings, folder: string): CrioFile {
  const handler = { ...table, privileged_without_host_devices: true, runtime_config_path: configurationPath(settings) };
  const header = `${kataMark}, which overwrites it; kubefence node kata uninstall removes it.\n# The handler has what ${name} has, and our QEMU configuration.\n\n`;
  const values = { crio: { runtime: { runtimes: { [kataHandlerName]: handler } } } };
  return { path: `${folder}/${kataCrioDropInName}`, text: `${header}${stringify(values)}`.trimEnd() + "\n" };
}
