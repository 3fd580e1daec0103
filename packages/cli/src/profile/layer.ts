/** One profile without those it extends: its keys read, its paths parsed, its requests judged by the key table. */
import type { Problem } from "../errors.ts";
import { type KeyRule, profileKeys } from "./keys.ts";
import { type FoundGroup, type Library, notFound, type Shelf } from "./library.ts";
import type { Access, VolumeAccess } from "./manifest.ts";
import { homeSpellings, parsePath, type PathUse } from "./path.ts";
import { type ConditionalName, type ConditionalPath, grantKeys, type ProfileBody } from "./source.ts";
import { holdsOnLinux } from "./when.ts";

export interface LayerGrant {
  readonly path: string;
  readonly access: Access;
  /** Named by a key for single files. */
  readonly file: boolean;
}

/** An entry of exceptions_remove, in each spelling that it stands for. */
export interface Removal {
  readonly entry: string;
  readonly spellings: readonly string[];
  readonly where: string;
  /** It has lifted something. */
  readonly used: boolean;
}

export interface Layer {
  readonly description?: string | undefined;
  readonly include: readonly FoundGroup[];
  readonly exclude: readonly FoundGroup[];
  readonly grants: readonly LayerGrant[];
  readonly bypass: readonly { readonly path: string; readonly where: string }[];
  readonly workdir: Access | "none";
  readonly block: boolean;
  readonly connectPorts: readonly number[];
  readonly bindPorts: readonly number[];
  readonly exceptions: readonly string[];
  readonly removals: readonly Removal[];
  readonly volumes?: VolumeAccess | undefined;
  readonly configVolumes?: boolean | undefined;
  readonly projectedVolumes?: boolean | undefined;
  /** Keys that ask for what cannot be done; null where this profile takes an inherited request back. */
  readonly requests: ReadonlyMap<string, Problem | null>;
}

export const emptyLayer: Layer = {
  include: [],
  exclude: [],
  grants: [],
  bypass: [],
  workdir: "none",
  block: false,
  connectPorts: [],
  bindPorts: [],
  exceptions: [],
  removals: [],
  requests: new Map(),
};

/** Where a layer comes from, and where its problems go. */
export interface Reading {
  readonly where: string;
  readonly shelf: Shelf;
  readonly library: Library;
  readonly problems: Problem[];
}

/** Reads one profile, or one block of platform_overrides. */
export function readLayer(body: ProfileBody, reading: Reading): Layer {
  const { groups, filesystem, network, kubefence, workdir } = body;
  const paths = (list: readonly ConditionalPath[] | undefined, key: string, use: PathUse): string[] =>
    readPaths(list, key, use, reading);
  const grants = grantKeys.flatMap(({ key, access, file }) =>
    paths(filesystem?.[key], `filesystem.${key}`, file ? "file" : "grant").map((path) => ({ path, access, file })),
  );
  return {
    description: body.meta?.description ?? undefined,
    include: readGroups(groups?.include, "groups.include", reading),
    exclude: readGroups(groups?.exclude, "groups.exclude", reading),
    grants,
    bypass: paths(filesystem?.bypass_protection, "filesystem.bypass_protection", "exception").map((path) => ({
      path,
      where: reading.where,
    })),
    workdir: workdir?.access ?? "none",
    block: network?.block ?? false,
    connectPorts: network?.connect_port ?? [],
    bindPorts: [...(network?.listen_port ?? []), ...readRanges(network?.listen_port_range, reading)],
    exceptions: [
      ...paths(filesystem?.deny, "filesystem.deny", "exception"),
      ...paths(kubefence?.exceptions, "kubefence.exceptions", "exception"),
    ].flatMap(homeSpellings),
    removals: paths(kubefence?.exceptions_remove, "kubefence.exceptions_remove", "exception").map((entry) => ({
      entry,
      spellings: homeSpellings(entry),
      where: reading.where,
      used: false,
    })),
    volumes: kubefence?.volumes,
    configVolumes: kubefence?.config_volumes,
    projectedVolumes: kubefence?.projected_volumes,
    requests: readRequests(body, reading.where),
  };
}

/** The parsed paths of a list that hold on Linux; problems are collected. Groups are read by it too. */
export function readPaths(
  list: readonly ConditionalPath[] | undefined,
  key: string,
  use: PathUse,
  reading: Pick<Reading, "where" | "problems">,
): string[] {
  return applicable(list ?? [], key, reading).flatMap((entry) => {
    const parsed = parsePath(typeof entry === "string" ? entry : entry.path, use);
    if ("path" in parsed) return [parsed.path];
    reading.problems.push({ ...parsed, where: reading.where, message: `${key}: ${parsed.message}` });
    return [];
  });
}

function readGroups(list: readonly ConditionalName[] | undefined, key: string, reading: Reading): FoundGroup[] {
  return applicable(list ?? [], key, reading).flatMap((entry) => {
    const name = typeof entry === "string" ? entry : entry.name;
    const found = reading.library.group(name, reading.shelf);
    if (!found) reading.problems.push(notFound("group", name, reading.where));
    return found ?? [];
  });
}

function applicable<T extends ConditionalName | ConditionalPath>(
  list: readonly T[],
  key: string,
  reading: Pick<Reading, "where" | "problems">,
): T[] {
  return list.filter((entry) => {
    if (typeof entry === "string" || entry.when === undefined) return true;
    const holds = holdsOnLinux(entry.when);
    if (holds !== undefined) return holds;
    const message = `${key}: the condition ${JSON.stringify(entry.when)} cannot be decided`;
    reading.problems.push({ code: "KF_PROFILE_WHEN", where: reading.where, message });
    return false;
  });
}

function readRanges(ranges: readonly (readonly number[])[] | undefined, reading: Reading): number[] {
  return (ranges ?? []).flatMap(([from = 0, to = 0]) => {
    const count = to - from + 1;
    if (count >= 1 && count <= maxPorts) return Array.from({ length: count }, (_, index) => from + index);
    const message = `network.listen_port_range: ${from} to ${to} is no range of 1 to ${maxPorts} ports`;
    const hint = "list the ports that are needed";
    reading.problems.push({ code: "KF_PROFILE_PORT", where: reading.where, message, hint });
    return [];
  });
}

/** Each port is one Landlock rule, added at every start of a container. */
export const maxPorts = 1024;

function readRequests(body: ProfileBody, where: string): Map<string, Problem | null> {
  const requests = new Map<string, Problem | null>();
  for (const [key, rule] of Object.entries(profileKeys)) {
    const value = valueAt(body, key);
    if (value === undefined || (value === null && rule.kind === "holds")) continue;
    const unmet = asksInVain(rule, value);
    if (unmet) {
      const message = `${key} = ${shorten(JSON.stringify(value))} cannot be enforced: ${unmet.why}`;
      requests.set(key, { code: "KF_PROFILE_UNSUPPORTED", where, message, hint: unmet.instead });
    } else if (rule.kind === "holds" || (rule.kind === "refused" && rule.clears)) {
      requests.set(key, null);
    }
  }
  return requests;
}

function asksInVain(rule: KeyRule, value: unknown): { why: string; instead: string } | undefined {
  if (rule.kind === "refused") return asksForNothing(value) && !(rule.emptyAsks && value !== null) ? undefined : rule;
  if (rule.kind !== "holds") return undefined;
  return typeof value === "string" && rule.values.includes(value) ? undefined : rule;
}

function asksForNothing(value: unknown): boolean {
  if (value === null || value === false || value === "") return true;
  return typeof value === "object" && Object.values(value).every(asksForNothing);
}

function valueAt(body: unknown, key: string): unknown {
  let value = body;
  for (const part of key.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = new Map<string, unknown>(Object.entries(value)).get(part);
  }
  return value;
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
