/** The text of a drop-in of ours for containerd. Pure. */
import { stringify } from "smol-toml";
import type { TomlTable } from "../toml/parse.ts";
import { criPluginOfVersion2, criRuntimePlugin, nriPlugin } from "./effective.ts";

/** What one drop-in brings: a handler, and settings of NRI. */
export interface DropIn {
  /** Name of the file, without the folder. */
  readonly name: string;
  /** A comment at the top: who wrote it, who removes it, what the handler is made of. */
  readonly header: string;
  readonly handlerName: string;
  readonly handler: TomlTable;
  /** What changes in NRI's table; empty for nothing. */
  readonly nri: TomlTable;
}

/**
 * Version for a drop-in beside a main file of that version. It has to be the main file's: containerd 2.2 migrates after it has
 * merged, so with a newer one the main file's runtimes would be lost, and an older one would not be read. A file
 * of version 1 is brought to the newest one when it is read; 3 is the newest that 2.2 knows.
 */
export function dropInVersion(mainVersion: number | undefined, newestKnown: number): number {
  if (mainVersion === undefined) return newestKnown;
  return mainVersion >= 2 ? mainVersion : 3;
}

/** The drop-in's text. */
export function dropInText({ header, handlerName, handler, nri }: DropIn, version: number): string {
  const plugin = version === 2 ? criPluginOfVersion2 : criRuntimePlugin;
  const plugins: TomlTable = { [plugin]: { containerd: { runtimes: { [handlerName]: handler } } } };
  if (Object.keys(nri).length > 0) plugins[nriPlugin] = nri;
  return `${header}\n${stringify({ version, plugins })}`.trimEnd() + "\n";
}
