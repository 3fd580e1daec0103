/** Holds what containerd would load with our drop-in against what was meant: all of it, and nothing else. Pure. */
import { isDeepStrictEqual } from "node:util";
import { type NodeProblem } from "../errors.ts";
import { handlerName, type NodeSettings } from "../settings.ts";
import type { TomlTable, TomlValue } from "../toml/parse.ts";
import {
  criPluginOfVersion2,
  criRuntimePlugin,
  type EffectiveConfiguration,
  isTable,
  nriPlugin,
  tableAt,
} from "./effective.ts";
import { findBaseHandler, handlerTable, nriTable } from "./handler.ts";

/**
 * Problems of `after` (with our drop-in) given `before` (without it). Empty when `after` has our handler with the base
 * handler's options and NRI as asked, and differs in nothing else.
 */
export function compareDumps(
  before: EffectiveConfiguration,
  after: EffectiveConfiguration,
  settings: NodeSettings,
  where: string,
): NodeProblem[] {
  return [...findUndone(before, after, settings, where), ...findSideEffects(before, after, where)];
}

function findUndone(
  before: EffectiveConfiguration,
  after: EffectiveConfiguration,
  settings: NodeSettings,
  where: string,
): NodeProblem[] {
  const base = before.handlers.get(findBaseHandler(before) ?? "") ?? {};
  const wanted: TomlTable = { [handlerName]: handlerTable(base, settings), nri: nriTable(before, settings) };
  const loaded: TomlTable = { [handlerName]: after.handlers.get(handlerName) ?? {}, nri: after.nri };
  return findMissing(wanted, loaded, []).map((path) => ({
    code: "KF_NODE_OVERRIDDEN",
    where,
    what: `the runtime would not have ${path.join(".")} as the drop-in says`,
  }));
}

/** Paths of what `wanted` has and `loaded` has not. */
function findMissing(wanted: TomlTable, loaded: TomlTable, path: readonly string[]): string[][] {
  return Object.entries(wanted).flatMap(([key, value]) => {
    const found = loaded[key];
    if (isTable(value) && isTable(found)) return findMissing(value, found, [...path, key]);
    return isDeepStrictEqual(value, found) ? [] : [[...path, key]];
  });
}

function findSideEffects(before: EffectiveConfiguration, after: EffectiveConfiguration, where: string): NodeProblem[] {
  const paths = findDifferences(withoutOurs(before.values), withoutOurs(after.values), []);
  if (paths.length === 0) return [];
  const shown = paths.slice(0, 5).map((path) => path.join("."));
  return [{ code: "KF_NODE_SIDE_EFFECT", where, what: `it would also change ${shown.join(", ")}` }];
}

/** A dump without what our drop-in is there to change. */
function withoutOurs(values: TomlTable): TomlTable {
  const copy = structuredClone(values);
  // Lists of files are shown as they were merged.
  delete copy["imports"];
  for (const plugin of [criRuntimePlugin, criPluginOfVersion2]) {
    delete tableAt(copy, ["plugins", plugin, "containerd", "runtimes"])[handlerName];
  }
  const nri = tableAt(copy, ["plugins", nriPlugin]);
  for (const key of ["disable", "disable_connections", "socket_path", "plugin_path", "plugin_config_path"])
    delete nri[key];
  const validator = tableAt(nri, ["default_validator"]);
  for (const key of ["enable", "required_plugins", "tolerate_missing_plugins_annotation"]) delete validator[key];
  return copy;
}

function findDifferences(before: TomlTable, after: TomlTable, path: readonly string[]): string[][] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key): string[][] => {
    const [left, right]: (TomlValue | undefined)[] = [before[key], after[key]];
    if (isTable(left) && isTable(right)) return findDifferences(left, right, [...path, key]);
    return isDeepStrictEqual(left, right) || (isEmpty(left) && isEmpty(right)) ? [] : [[...path, key]];
  });
}

// A table that is there with nothing in it means what its absence does.
function isEmpty(value: TomlValue | undefined): boolean {
  return value === undefined || (isTable(value) && Object.values(value).every(isEmpty));
}
