import { parse } from "smol-toml";
import { KubefenceError, messageOf } from "../errors.ts";
import type { Configuration } from "./configuration.ts";
import { keys, type KeyName } from "./keys.ts";

/** Parses TOML into a configuration that is complete but not yet checked. Throws CONFIG_UNPARSABLE. */
export function parseConfiguration(text: string): Configuration {
  const document = parseDocument(text);
  for (const name of Object.keys(document)) {
    if (!Object.hasOwn(keys, name)) {
      throw unparsable(`unknown key ${JSON.stringify(name)}; known are ${Object.keys(keys).join(", ")}`);
    }
  }
  const valueOf = (name: KeyName): unknown => document[name] ?? keys[name].initial;
  return {
    runtimeClasses: readStrings("runtime_classes", valueOf("runtime_classes")),
    defaultProfile: readString("default_profile", valueOf("default_profile")),
    nonoBinPath: readString("nono_bin_path", valueOf("nono_bin_path")),
    seccompProfile: readString("seccomp_profile", valueOf("seccomp_profile")),
    socketPath: readString("socket_path", valueOf("socket_path")),
    vmRootfsClasses: readStrings("vm_rootfs_classes", valueOf("vm_rootfs_classes")),
    invalidProfile: readString("invalid_profile", valueOf("invalid_profile")),
    allowedProfiles: readTable("allowed_profiles", valueOf("allowed_profiles"), "arrays of strings", readStrings),
    minLandlockAbi: readInteger("min_landlock_abi", valueOf("min_landlock_abi")),
    kubeletRoot: readString("kubelet_root", valueOf("kubelet_root")),
    stateDirectory: readString("state_directory", valueOf("state_directory")),
    pathShims: readBoolean("path_shims", valueOf("path_shims")),
    profileSet: readString("profile_set", valueOf("profile_set")),
    launcher: readString("launcher", valueOf("launcher")),
    launcherTemplate:
      readTable("launcher_template", valueOf("launcher_template"), "arrays of strings", readStrings) ?? new Map(),
    launcherVariables: readStrings("launcher_variables", valueOf("launcher_variables")),
    execPolicy: readString("exec_policy", valueOf("exec_policy")),
    execPolicyByNamespace:
      readTable("exec_policy_by_namespace", valueOf("exec_policy_by_namespace"), "strings", readString) ?? new Map(),
    kataClasses: readStrings("kata_classes", valueOf("kata_classes")),
    kataAnnotations: readStrings("kata_annotations", valueOf("kata_annotations")),
    kataPolicySha256: readStrings("kata_policy_sha256", valueOf("kata_policy_sha256")),
  };
}

function parseDocument(text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    throw unparsable(messageOf(error).trim());
  }
}

function readString(name: string, value: unknown): string {
  if (typeof value !== "string") throw unparsable(`${name} must be a string`);
  return value;
}

function readStrings(name: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw unparsable(`${name} must be an array of strings`);
  return value.map((element: unknown) => {
    if (typeof element !== "string") throw unparsable(`${name} must be an array of strings`);
    return element;
  });
}

function readBoolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw unparsable(`${name} must be true or false`);
  return value;
}

function readInteger(name: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw unparsable(`${name} must be an integer`);
  return value;
}

function readTable<Value>(
  name: string,
  value: unknown,
  ofWhat: string,
  readValue: (name: string, value: unknown) => Value,
): ReadonlyMap<string, Value> | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Date) {
    throw unparsable(`${name} must be a table of ${ofWhat}`);
  }
  return new Map(
    Object.entries(value).map(([key, element]) => [key, readValue(`${name}.${JSON.stringify(key)}`, element)]),
  );
}

function unparsable(reason: string): KubefenceError {
  return new KubefenceError("CONFIG_UNPARSABLE", `parsing config: ${reason}`);
}
