import { messageOf } from "../errors.ts";
import { cleanPath } from "../policy/clean-path.ts";
import type { InstalledProfile } from "../policy/inputs.ts";

/** The literal paths of lists of exceptions, by the list as JSON: most profiles have the same two hundred. */
export type KnownExceptions = Map<string, readonly string[]>;

/**
 * Reads what the plugin needs of a capability manifest: the member `kubefence`, and whether there are TCP rules.
 * The launcher is the one that enforces, and refuses whatever it does not know. Never throws: a manifest that cannot
 * be used says so in `broken`. A list of exceptions that is in `known` is not gone through again; a new one is added.
 */
export function readManifest(text: string, known: KnownExceptions = new Map()): InstalledProfile {
  try {
    return interpret(JSON.parse(text), known);
  } catch (error) {
    return brokenProfile(messageOf(error));
  }
}

/** A profile that is there and cannot be used. */
export function brokenProfile(reason: string): InstalledProfile {
  return { ...NOTHING, broken: reason };
}

const NOTHING: InstalledProfile = {
  volumes: "none",
  configVolumes: false,
  projectedVolumes: false,
  literalExceptions: [],
  restrictsTcp: false,
  broken: undefined,
  barrier: undefined,
};

function interpret(manifest: unknown, known: KnownExceptions): InstalledProfile {
  const { version, filesystem, network, kubefence } = asObject("the manifest", manifest);
  if (typeof version !== "string" || !/^0\.1\.\d+$/.test(version)) {
    throw new Error(`its version is ${JSON.stringify(version)}, and only 0.1.x is known`);
  }
  const ours = asObject("kubefence", kubefence ?? {});
  const denied = asArray("filesystem.deny", asObject("filesystem", filesystem ?? {})["deny"] ?? []);
  const exceptions = [
    ...asArray("kubefence.exceptions", ours["exceptions"] ?? []),
    ...denied.map((entry) => asObject("filesystem.deny", entry)["path"]),
  ];
  return {
    ...NOTHING,
    volumes: asVolumes(ours["volumes"] ?? "none"),
    configVolumes: asBoolean("kubefence.config_volumes", ours["config_volumes"] ?? false),
    projectedVolumes: asBoolean("kubefence.projected_volumes", ours["projected_volumes"] ?? false),
    literalExceptions: literalPaths(exceptions, known),
    restrictsTcp: hasTcpRules(asObject("network", network ?? {})),
  };
}

function literalPaths(exceptions: readonly unknown[], known: KnownExceptions): readonly string[] {
  const list = JSON.stringify(exceptions);
  const before = known.get(list);
  if (before !== undefined) return before;
  const paths: string[] = [];
  for (const exception of exceptions) {
    if (typeof exception !== "string") throw new Error(`an exception is ${JSON.stringify(exception)}`);
    if (exception.startsWith("/") && !/[*$]/.test(exception)) paths.push(cleanPath(exception));
  }
  known.set(list, paths);
  return paths;
}

function hasTcpRules({ mode, ports }: Record<string, unknown>): boolean {
  return mode === "blocked" || Object.keys(asObject("network.ports", ports ?? {})).length > 0;
}

function asVolumes(value: unknown): InstalledProfile["volumes"] {
  if (value === "none" || value === "read" || value === "readwrite") return value;
  throw new Error(`kubefence.volumes is ${JSON.stringify(value)}`);
}

function asBoolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw new Error(`${name} is ${JSON.stringify(value)}`);
  return value;
}

function asArray(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${name} is no array`);
  return value;
}

function asObject(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${name} is no object`);
  return { ...value };
}
