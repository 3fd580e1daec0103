/** The text of our drop-in for containerd. Pure. */
import { stringify } from "smol-toml";
import { dropInMark, handlerName, type NodeSettings } from "../settings.ts";
import type { TomlTable } from "../toml/parse.ts";
import { criPluginOfVersion2, criRuntimePlugin, type EffectiveConfiguration, nriPlugin } from "./effective.ts";
import { findBaseHandler, handlerTable, nriTable } from "./handler.ts";

const header = `${dropInMark}, which overwrites it; kubefence node uninstall removes it.
# The handler has what the node's own handler for runc has, and nono-runc as its program.
`;

/**
 * Version for a drop-in beside a main file of that version. It has to be the main file's: containerd 2.2 migrates after it has
 * merged, so with a newer one the main file's runtimes would be lost, and an older one would not be read. A file
 * of version 1 is brought to the newest one when it is read; 3 is the newest that 2.2 knows.
 */
export function dropInVersion(mainVersion: number | undefined, newestKnown: number): number {
  if (mainVersion === undefined) return newestKnown;
  return mainVersion >= 2 ? mainVersion : 3;
}

/** The drop-in for a containerd that has `effective` without it; undefined when there is no handler to start from. */
export function dropInText(
  effective: EffectiveConfiguration,
  settings: NodeSettings,
  version: number,
): string | undefined {
  const base = effective.handlers.get(findBaseHandler(effective) ?? "");
  if (base === undefined) return undefined;
  const plugin = version === 2 ? criPluginOfVersion2 : criRuntimePlugin;
  const plugins: TomlTable = {
    [plugin]: { containerd: { runtimes: { [handlerName]: handlerTable(base, settings) } } },
  };
  const nri = nriTable(effective, settings);
  if (Object.keys(nri).length > 0) plugins[nriPlugin] = nri;
  return `${header}${stringify({ version, plugins })}`.trimEnd() + "\n";
}
