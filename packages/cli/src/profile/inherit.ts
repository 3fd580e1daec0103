/** Inheritance: a profile, those it extends and its override for Linux become one layer. The rules are nono's. */
import { ProfileError, type Problem } from "../errors.ts";
import { emptyLayer, type Layer, readLayer, type Removal } from "./layer.ts";
import { type FoundProfile, type Library, throwNotFound } from "./library.ts";

/** As in nono. */
const maxChain = 10;

interface Resolved {
  readonly layer: Layer;
  /** platform_overrides.linux of the whole chain, applied last. */
  readonly override: Layer;
}

/**
 * The profile with everything it inherits. Problems of single keys are collected in `problems`.
 * @throws {ProfileError} for a name that nothing has, a malformed profile, or a chain that does not end.
 */
export function inheritAll(profile: FoundProfile, library: Library, problems: Problem[]): Layer {
  const { layer, override } = resolve(profile, [], { library, problems, done: new Map() });
  return merge(layer, override);
}

interface Resolution {
  readonly library: Library;
  readonly problems: Problem[];
  /** A base that several profiles share is read once, and its problems are reported once. */
  readonly done: Map<string, Resolved>;
}

function resolve(profile: FoundProfile, chain: readonly FoundProfile[], resolution: Resolution): Resolved {
  const { library, problems, done } = resolution;
  const key = `${profile.shelf.name}:${profile.name}`;
  const earlier = done.get(key);
  if (earlier) return earlier;
  const links = [...chain, profile];
  if (chain.some((link) => link.shelf === profile.shelf && link.name === profile.name)) {
    throwChain(links, "is a circle");
  }
  if (links.length > maxChain) throwChain(links, `is longer than ${maxChain}`);
  const reading = { where: profile.where, shelf: profile.shelf, library, problems };
  const bases = baseNames(profile).map((name) => {
    const base = library.profile(name, profile) ?? throwNotFound(name, `${profile.where}: extends`);
    return resolve(base, links, resolution);
  });
  const inherited = bases.length > 0 ? bases.reduce(mergeResolved) : impliedBy(profile, library, problems);
  const own = {
    layer: readLayer(profile.source, reading),
    override: readLayer(profile.source.platform_overrides?.linux ?? {}, reading),
  };
  const resolved = mergeResolved(inherited, own);
  done.set(key, resolved);
  return resolved;
}

function baseNames(profile: FoundProfile): readonly string[] {
  const names = profile.source.extends ?? [];
  return typeof names === "string" ? [names] : names;
}

function impliedBy(profile: FoundProfile, library: Library, problems: Problem[]): Resolved {
  const implied = library.implied(profile);
  if (!implied) return { layer: emptyLayer, override: emptyLayer };
  const reading = { where: implied.where, shelf: implied.shelf, library, problems };
  const { include } = readLayer({ groups: implied.source.groups }, reading);
  return { layer: { ...emptyLayer, include }, override: emptyLayer };
}

function mergeResolved(base: Resolved, child: Resolved): Resolved {
  return { layer: merge(base.layer, child.layer), override: merge(base.override, child.override) };
}

/** `child` on top of `base`. */
function merge(base: Layer, child: Layer): Layer {
  const lifted = new Set(child.removals.flatMap((removal) => removal.spellings));
  return {
    description: child.description ?? base.description,
    include: [...base.include, ...child.include],
    exclude: [...base.exclude, ...child.exclude],
    grants: [...base.grants, ...child.grants],
    bypass: [...base.bypass, ...child.bypass],
    workdir: child.workdir === "none" ? base.workdir : child.workdir,
    block: base.block || child.block,
    connectPorts: [...base.connectPorts, ...child.connectPorts],
    bindPorts: [...base.bindPorts, ...child.bindPorts],
    exceptions: [...base.exceptions.filter((path) => !lifted.has(path)), ...child.exceptions],
    removals: [...base.removals, ...child.removals.map((removal) => markUsed(removal, base.exceptions))],
    volumes: child.volumes ?? base.volumes,
    configVolumes: child.configVolumes ?? base.configVolumes,
    projectedVolumes: child.projectedVolumes ?? base.projectedVolumes,
    requests: new Map([...base.requests, ...child.requests]),
  };
}

function markUsed(removal: Removal, exceptions: readonly string[]): Removal {
  return { ...removal, used: removal.used || removal.spellings.some((path) => exceptions.includes(path)) };
}

function throwChain(links: readonly FoundProfile[], what: string): never {
  const names = links.map((link) => link.name).join(" → ");
  throw new ProfileError([
    { code: "KF_PROFILE_EXTENDS", where: links[0]?.where ?? "", message: `the chain ${names} ${what}` },
  ]);
}
