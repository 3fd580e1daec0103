/** The compiler: a profile of a library becomes a capability manifest. Pure; equal input gives equal bytes. */
import { ProfileError, type Problem } from "../errors.ts";
import { inheritAll } from "./inherit.ts";
import { type Layer, type LayerGrant, maxPorts, readPaths } from "./layer.ts";
import { type FoundGroup, type Library, throwNotFound } from "./library.ts";
import { type Access, type Grant, type Manifest, type Network, profileNamePattern } from "./manifest.ts";
import { covers, homeSpellings } from "./path.ts";
import { warningsFor } from "./warnings.ts";

export interface Compiled {
  readonly name: string;
  readonly description: string | undefined;
  readonly manifest: Manifest;
  /** What an operator should know: one sentence each, without a code. */
  readonly warnings: readonly string[];
  /** The groups that are part of it, for pages that explain. */
  readonly groups: readonly FoundGroup[];
}

/**
 * Compiles the profile `name`.
 * @throws {ProfileError} with everything that is wrong; never anything else.
 */
export function compileProfile(name: string, library: Library): Compiled {
  const profile = library.profile(name) ?? throwNotFound(name, "profile");
  const problems: Problem[] = checkName(profile.name, profile.source.meta?.name, profile.where);
  const layer = inheritAll(profile, library, problems);
  problems.push(...[...layer.requests.values()].filter((problem) => problem !== null));
  const groups = chooseGroups(layer, profile.where, problems);
  const fromGroups = readGroupPaths(groups, problems);
  const exceptions = joinExceptions(layer, fromGroups.exceptions, problems);
  const manifest: Manifest = {
    version: "0.1.0",
    filesystem: { grants: joinGrants([...workdirGrant(layer), ...layer.grants, ...fromGroups.grants]) },
    network: joinNetwork(layer, profile.where, problems),
    kubefence: {
      exceptions: sorted(exceptions.kept),
      volumes: layer.volumes ?? "none",
      config_volumes: layer.configVolumes ?? true,
      projected_volumes: layer.projectedVolumes ?? false,
    },
  };
  const [first, ...others] = problems;
  if (first) throw new ProfileError([first, ...others]);
  const warnings = [...warningsFor(manifest, exceptions.lifted), ...fromGroups.warnings];
  return { name: profile.name, description: layer.description, manifest, warnings, groups };
}

/** The bytes of the file: two blanks, one newline at the end. */
export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function checkName(name: string, metaName: string | undefined, where: string): Problem[] {
  const code = "KF_PROFILE_NAME";
  if (!profileNamePattern.test(name)) return [{ code, where, message: `${JSON.stringify(name)} is no profile name` }];
  if (metaName === undefined || metaName === name) return [];
  return [{ code, where, message: `meta.name is ${JSON.stringify(metaName)}, but the profile is ${name}` }];
}

function chooseGroups(layer: Layer, where: string, problems: Problem[]): FoundGroup[] {
  const excluded = new Set(layer.exclude.map((found) => found.id));
  for (const found of layer.exclude.filter(({ group }) => group.required && onLinux(group.platform))) {
    const hint = "lift single paths with filesystem.bypass_protection";
    problems.push({ code: "KF_PROFILE_GROUP", where, message: `${found.where} is required, not to be excluded`, hint });
  }
  const chosen = new Map(layer.include.map((found) => [found.id, found]));
  return [...chosen.values()].filter((found) => !excluded.has(found.id) && onLinux(found.group.platform));
}

function onLinux(platform: string | undefined): boolean {
  return platform === undefined || platform === "linux";
}

interface GroupPaths {
  readonly grants: readonly LayerGrant[];
  readonly exceptions: readonly string[];
  readonly warnings: readonly string[];
}

function readGroupPaths(groups: readonly FoundGroup[], problems: Problem[]): GroupPaths {
  const grants: LayerGrant[] = [];
  const exceptions: string[] = [];
  const warnings: string[] = [];
  for (const { group, where } of groups) {
    const reading = { where, problems };
    for (const access of ["read", "write", "readwrite"] as const) {
      const paths = readPaths(group.allow?.[access], `allow.${access}`, "grant", reading);
      grants.push(...paths.map((path) => ({ path, access, file: false })));
    }
    exceptions.push(...readPaths(group.deny?.access, "deny.access", "exception", reading).flatMap(homeSpellings));
    if (group.deny?.commands?.length)
      warnings.push(`${where}: deny.commands has no effect here; a child could run them`);
    if (group.deny?.unlink) {
      const message = "deny.unlink cannot be enforced: Landlock grants removal with the right to write";
      problems.push({ code: "KF_PROFILE_UNSUPPORTED", where, message, hint: "leave the group out" });
    }
  }
  return { grants, exceptions, warnings };
}

/** The exceptions of groups without what the profile lifts, and its own. */
function joinExceptions(
  layer: Layer,
  fromGroups: readonly string[],
  problems: Problem[],
): { kept: ReadonlySet<string>; lifted: readonly string[] } {
  const removed = new Set(layer.removals.flatMap((removal) => removal.spellings));
  const present = new Set(fromGroups);
  for (const { entry, spellings, where, used } of layer.removals) {
    if (used || spellings.some((path) => present.has(path))) continue;
    const message = `kubefence.exceptions_remove: there is no inherited exception ${entry}`;
    problems.push({ code: "KF_PROFILE_EXCEPTION", where, message });
  }
  const bypassed = layer.bypass.flatMap(({ path }) => homeSpellings(path));
  const lifted = fromGroups.filter((path) => removed.has(path) || bypassed.some((by) => covers(by, path)));
  const kept = new Set([...fromGroups.filter((path) => !lifted.includes(path)), ...layer.exceptions]);
  for (const { path, where } of layer.bypass) {
    const around = [...kept].find((exception) => exception !== path && covers(exception, path));
    if (!around) continue;
    const message = `filesystem.bypass_protection: ${path} is only a part of the exception ${around}`;
    problems.push({ code: "KF_PROFILE_EXCEPTION", where, message, hint: `lift ${around} as a whole` });
  }
  return { kept, lifted: sorted(new Set([...lifted, ...removed].filter((path) => !kept.has(path)))) };
}

function workdirGrant(layer: Layer): LayerGrant[] {
  return layer.workdir === "none" ? [] : [{ path: "$WORKDIR", access: layer.workdir, file: false }];
}

function joinGrants(grants: readonly LayerGrant[]): Grant[] {
  const joined = new Map<string, { access: Access; file: boolean }>();
  for (const { path, access, file } of grants) {
    const earlier = joined.get(path);
    const same = !earlier || earlier.access === access;
    joined.set(path, { access: same ? access : "readwrite", file: file && (earlier?.file ?? true) });
  }
  return sorted(joined.keys()).map((path) => {
    const { access, file } = joined.get(path) ?? { access: "read", file: false };
    return { path, access, ...(file && { type: "file" as const }) };
  });
}

function joinNetwork(layer: Layer, where: string, problems: Problem[]): Network {
  const connect = ascending(layer.connectPorts);
  const bind = ascending(layer.bindPorts);
  if (connect.length + bind.length > maxPorts) {
    const message = `${connect.length + bind.length} ports are more than ${maxPorts}`;
    problems.push({ code: "KF_PROFILE_PORT", where, message });
  }
  if (layer.block && connect.length + bind.length === 0) return { mode: "blocked" };
  // An empty list allows no port. As in nono, connect_port alone leaves nothing to listen on.
  if (layer.block || connect.length > 0) return { mode: "unrestricted", ports: { connect, bind } };
  return bind.length > 0 ? { mode: "unrestricted", ports: { bind } } : { mode: "unrestricted" };
}

function ascending(ports: readonly number[]): number[] {
  return [...new Set(ports)].toSorted((one, other) => one - other);
}

/** By code unit, the same everywhere: no locale. */
function sorted(paths: Iterable<string>): string[] {
  return [...paths].toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0));
}
