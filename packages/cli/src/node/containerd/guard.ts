/** Holds what containerd would load with our drop-in against what was meant: all of it, and nothing else. Pure. */
import { isDeepStrictEqual } from "node:util";
import { type NodeProblem } from "../errors.ts";
import type { TomlTable, TomlValue } from "../toml/parse.ts";
import type { DropIn } from "./drop-in.ts";
import {
  criPluginOfVersion2,
  criRuntimePlugin,
  type EffectiveConfiguration,
  isTable,
  nriPlugin,
  tableAt,
} from "./effective.ts";

/**
 * Problems of `after` (with our drop-in) given `before` (without it). Empty when `after` has the handler and NRI
 * as the drop-in says, and differs in nothing else.
 */
export function compareDumps(
  before: EffectiveConfiguration,
  after: EffectiveConfiguration,
  dropIn: DropIn,
  where: string,
): NodeProblem[] {
  return [...findUndone(after, dropIn, where), ...findSideEffects(before, after, dropIn, where)];
}

function findUndone(
  after: EffectiveConfiguration,
  { handlerName, handler, nri }: DropIn,
  where: string,
): NodeProblem[] {
  const wanted: TomlTable = { [handlerName]: handler, nri };
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

function findSideEffects(
  before: EffectiveConfiguration,
  after: EffectiveConfiguration,
  dropIn: DropIn,
  where: string,
): NodeProblem[] {
  const paths = findDifferences(withoutOurs(before.values, dropIn), withoutOurs(after.values, dropIn), []);
  if (paths.length === 0) return [];
  const shown = paths.slice(0, 5).map((path) => path.join("."));
  return [{ code: "KF_NODE_SIDE_EFFECT", where, what: `it would also change ${shown.join(", ")}` }];
}

/** A dump without what the drop-in is there to change. */
function withoutOurs(values: TomlTable, { handlerName, nri }: DropIn): TomlTable {
  const copy = structuredClone(values);
  // Lists of files are shown as they were merged.
  delete copy["imports"];
  for (const plugin of [criRuntimePlugin, criPluginOfVersion2]) {
    delete tableAt(copy, ["plugins", plugin, "containerd", "runtimes"])[handlerName];
  }
  takeAway(tableAt(copy, ["plugins", nriPlugin]), nri);
  return copy;
}

/** Deletes the keys of `named`; of a table in it, the keys of that. */
function takeAway(table: TomlTable, named: TomlTable): void {
  for (const [key, value] of Object.entries(named)) {
    const inner = table[key];
    if (isTable(value) && isTable(inner)) takeAway(inner, value);
    else delete table[key];
  }
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
