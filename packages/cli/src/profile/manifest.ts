/**
 * The capability manifest: what a profile compiles to, what the launcher enforces and what the plugin reads.
 * nono's manifest format 0.1.0 with one member of ours. No dependencies: the plugin imports this module.
 */
import type { ManifestErrorCode } from "../errors.ts";
import { messageOf } from "../thrown.ts";

/** read: open, list, execute. write: change, create, remove. */
export type Access = "read" | "write" | "readwrite";

export interface Grant {
  /** Absolute and clean, or beginning with $HOME or $WORKDIR; $UID anywhere; `*` within one component. */
  readonly path: string;
  readonly access: Access;
  /** A hint for readers. The launcher looks at what is there. */
  readonly type?: "file" | "directory";
}

export interface Network {
  /** blocked: no TCP connect and no bind. */
  readonly mode: "unrestricted" | "blocked";
  /** TCP ports. A list that is absent restricts nothing. */
  readonly ports?: { readonly connect?: readonly number[]; readonly bind?: readonly number[] };
}

/** What of the pod's data volumes (emptyDir, persistent volume claims) is granted. */
export type VolumeAccess = "none" | "read" | "readwrite";

/** The member `kubefence`. */
export interface KubefenceSettings {
  /** Paths that stay closed inside every grant that covers them. */
  readonly exceptions: readonly string[];
  readonly volumes: VolumeAccess;
  /** ConfigMap, Secret and downward API volumes are readable. */
  readonly config_volumes: boolean;
  /** Projected volumes, which may hold service-account tokens, are readable. */
  readonly projected_volumes: boolean;
}

export interface Manifest {
  readonly version: "0.1.0";
  readonly filesystem: { readonly grants: readonly Grant[] };
  readonly network: Network;
  readonly kubefence: KubefenceSettings;
}

/** Names that an annotation, a file and a command line may use for a profile. */
export const profileNamePattern: RegExp = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$/;

/** The largest manifest that is read, in bytes of UTF-8. */
export const maxManifestBytes: number = 1024 * 1024;

/** A manifest that the launcher would refuse. `member` is the path of what is at fault, "" for the whole. */
export class ManifestError extends Error {
  override readonly name: string = "ManifestError";
  readonly code: ManifestErrorCode;
  readonly member: string;

  constructor(code: ManifestErrorCode, member: string, message: string) {
    super(message);
    this.code = code;
    this.member = member;
  }
}

/**
 * Reads a manifest as strictly as the launcher does, and gives the launcher's defaults to members that are absent.
 * `filesystem.deny` is nono's member; its paths become exceptions.
 * @throws {ManifestError}
 */
export function parseManifest(text: string): Manifest {
  if (text.length > maxManifestBytes || new TextEncoder().encode(text).length > maxManifestBytes) {
    throw new ManifestError("KF_MANIFEST_TOO_LARGE", "", `larger than ${maxManifestBytes} bytes`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ManifestError("KF_MANIFEST_SYNTAX", "", messageOf(error));
  }
  return readManifest(json);
}

const refusedMembers = ["credentials", "rollback", "resources"];
const topMembers = ["$schema", "version", "filesystem", "network", "process", "kubefence", ...refusedMembers];
const kubefenceMembers = ["exceptions", "volumes", "config_volumes", "projected_volumes"];

function readManifest(json: unknown): Manifest {
  const top = members(json, "", topMembers);
  if (typeof top.get("version") !== "string" || !/^0\.1\.\d{1,9}$/.test(String(top.get("version")))) {
    invalid("version", "is not 0.1.x");
  }
  optional(top, "$schema", "", asString);
  refusePresent(top, "", refusedMembers);
  const filesystem = members(top.get("filesystem") ?? {}, "filesystem", ["grants", "deny"]);
  const kubefence = members(top.get("kubefence") ?? {}, "kubefence", kubefenceMembers);
  readProcess(members(top.get("process") ?? {}, "process", [...processModes.keys(), ...processLists]));
  const denied = list(filesystem, "deny", "filesystem", (entry, at) =>
    asPath(members(entry, at, ["path"]).get("path"), at),
  );
  return {
    version: "0.1.0",
    filesystem: { grants: list(filesystem, "grants", "filesystem", readGrant) },
    network: readNetwork(members(top.get("network") ?? {}, "network", networkMembers)),
    kubefence: {
      exceptions: [...list(kubefence, "exceptions", "kubefence", asPath), ...denied],
      volumes: optional(kubefence, "volumes", "kubefence", oneOf("none", "read", "readwrite")) ?? "none",
      config_volumes: optional(kubefence, "config_volumes", "kubefence", asBoolean) ?? false,
      projected_volumes: optional(kubefence, "projected_volumes", "kubefence", asBoolean) ?? false,
    },
  };
}

function readGrant(json: unknown, at: string): Grant {
  const grant = members(json, at, ["path", "access", "type"]);
  const type = optional(grant, "type", at, oneOf("file", "directory"));
  const access = oneOf("read", "write", "readwrite")(grant.get("access"), `${at}.access`);
  return { path: asPath(grant.get("path"), `${at}.path`), access, ...(type && { type }) };
}

const networkMembers = ["mode", "ports", "allow_domains", "endpoints", "dns"];

function readNetwork(network: Members): Network {
  refusePresent(network, "network", ["allow_domains", "endpoints"]);
  if (optional(network, "dns", "network", asBoolean) === false)
    unsupported("network.dns", "name resolution cannot be cut");
  const mode = optional(network, "mode", "network", oneOf("unrestricted", "blocked", "proxy")) ?? "unrestricted";
  if (mode === "proxy") unsupported("network.mode", "there is no proxy in a container");
  const at = "network.ports";
  const ports = members(network.get("ports") ?? {}, at, ["connect", "bind", "localhost", "localhost_range"]);
  refusePresent(ports, at, ["localhost", "localhost_range"]);
  const connect = ports.has("connect") ? list(ports, "connect", at, asPort) : undefined;
  const bind = ports.has("bind") ? list(ports, "bind", at, asPort) : undefined;
  if (mode === "blocked" && (connect?.length ?? 0) + (bind?.length ?? 0) > 0)
    invalid(at, "mode blocked allows no port");
  if (mode === "blocked") return { mode };
  return connect || bind ? { mode, ports: { ...(connect && { connect }), ...(bind && { bind }) } } : { mode };
}

const isolation = ["isolated", "allow_same_sandbox", "allow_all"];
/** Accepted and without effect: what the launcher does is at least as strict. */
const processModes: ReadonlyMap<string, readonly string[]> = new Map([
  ["signal_mode", isolation],
  ["process_info_mode", isolation],
  ["ipc_mode", ["shared_memory_only", "full"]],
  ["exec_strategy", ["direct", "monitor"]],
]);
const processLists = ["allowed_commands", "blocked_commands"];

function readProcess(process: Members): void {
  refusePresent(process, "process", processLists);
  if (process.get("exec_strategy") === "supervised")
    unsupported("process.exec_strategy", "nothing supervises a container");
  for (const [name, values] of processModes) optional(process, name, "process", oneOf(...values));
}

type Members = ReadonlyMap<string, unknown>;

function members(json: unknown, at: string, known: readonly string[]): Members {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return invalid(at, "is no object");
  const found = new Map<string, unknown>(Object.entries(json));
  for (const name of found.keys()) if (!known.includes(name)) invalid(join(at, name), "is not known");
  for (const [name, value] of found) if (value === null) invalid(join(at, name), "is null");
  return found;
}

function optional<T>(from: Members, name: string, at: string, read: (json: unknown, at: string) => T): T | undefined {
  return from.has(name) ? read(from.get(name), join(at, name)) : undefined;
}

function list<T>(from: Members, name: string, at: string, read: (json: unknown, at: string) => T): T[] {
  const value = from.get(name) ?? [];
  if (!Array.isArray(value)) return invalid(join(at, name), "is no list");
  return value.map((entry: unknown, index) => read(entry, `${join(at, name)}[${index}]`));
}

/** Members that ask for what the launcher cannot do, unless they are empty lists. */
function refusePresent(from: Members, at: string, names: readonly string[]): void {
  for (const name of names) {
    const value = from.get(name);
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    unsupported(join(at, name), "cannot be enforced by the launcher");
  }
}

function asString(json: unknown, at: string): string {
  return typeof json === "string" ? json : invalid(at, "is no string");
}

function asBoolean(json: unknown, at: string): boolean {
  return typeof json === "boolean" ? json : invalid(at, "is neither true nor false");
}

function asPort(json: unknown, at: string): number {
  const port = typeof json === "number" && Number.isInteger(json) && json >= 1 && json <= 65535;
  return port ? json : invalid(at, "is no port of 1 to 65535");
}

function oneOf<T extends string>(...values: readonly T[]): (json: unknown, at: string) => T {
  return (json, at) => values.find((value) => value === json) ?? invalid(at, `is none of ${values.join(", ")}`);
}

/** A clean absolute path, or one below $HOME or $WORKDIR; no other variable but $UID. */
function asPath(json: unknown, at: string): string {
  const text = asString(json, at);
  const [first = "", ...rest] = text.split("/");
  const rooted = first === "" ? rest.length > 0 : first === "$HOME" || first === "$WORKDIR";
  const components = text === "/" ? [] : rest;
  const variables = components.join("/").replaceAll(/\$UID(?![A-Za-z0-9_])/g, "");
  if (!rooted || !components.every(isCleanName) || variables.includes("$") || !text.isWellFormed()) {
    return invalid(at, `${JSON.stringify(text)} is no path of a manifest`);
  }
  return new TextEncoder().encode(text).length <= 4095 ? text : invalid(at, "is longer than 4095 bytes");
}

function isCleanName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/\p{Cc}/u.test(name);
}

function join(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

function invalid(member: string, why: string): never {
  throw new ManifestError("KF_MANIFEST_INVALID", member, `${member === "" ? "the manifest" : member} ${why}`);
}

function unsupported(member: string, why: string): never {
  throw new ManifestError("KF_MANIFEST_UNSUPPORTED", member, `${member}: ${why}`);
}
