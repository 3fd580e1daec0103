/** What a containerd makes of all its files: the output of `containerd config dump`, read. Pure. */
import { parseTomlValues, type TomlTable, type TomlValue } from "../toml/parse.ts";

/** Plugin identifiers since containerd 2.0; a dump has these whatever version the files have. */
export const criRuntimePlugin = "io.containerd.cri.v1.runtime";
export const nriPlugin = "io.containerd.nri.v1.nri";
/** Under configuration version 2 the runtimes stood in this one. */
export const criPluginOfVersion2 = "io.containerd.grpc.v1.cri";

export interface EffectiveConfiguration {
  readonly values: TomlTable;
  /** Newest version that this containerd knows: it dumps in that one. */
  readonly version: number;
  readonly disabledPlugins: readonly string[];
  readonly defaultHandler: string;
  /** Tables of `runtimes` by handler. */
  readonly handlers: ReadonlyMap<string, TomlTable>;
  readonly nri: TomlTable;
  /** Where the CRI is served. */
  readonly socket: string;
}

/**
 * Reads a dump.
 * @throws {TomlError}
 */
export function readDump(text: string): EffectiveConfiguration {
  const values = parseTomlValues(text);
  const cri = tableAt(values, ["plugins", criRuntimePlugin, "containerd"]);
  const handlers = Object.entries(tableAt(cri, ["runtimes"]));
  return {
    values,
    version: Number(values["version"]),
    disabledPlugins: stringsAt(values, "disabled_plugins"),
    defaultHandler: textAt(cri, "default_runtime_name"),
    handlers: new Map(handlers.flatMap(([name, table]) => (isTable(table) ? [[name, table] as const] : []))),
    nri: tableAt(values, ["plugins", nriPlugin]),
    // Version 4 has the address in a plugin of its own.
    socket:
      textAt(tableAt(values, ["plugins", "io.containerd.server.v1.grpc"]), "address") ||
      textAt(tableAt(values, ["grpc"]), "address"),
  };
}

/** The table at the end of a path; empty when there is none. */
export function tableAt(table: TomlTable, path: readonly string[]): TomlTable {
  let found: TomlValue | undefined = table;
  for (const key of path) found = isTable(found) ? found[key] : undefined;
  return isTable(found) ? found : {};
}

export function textAt(table: TomlTable, key: string): string {
  const value = table[key];
  return typeof value === "string" ? value : "";
}

export function stringsAt(table: TomlTable, key: string): string[] {
  const value = table[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

export function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Date);
}
