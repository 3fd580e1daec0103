/** `config`: the plugin's configuration file. What the original has no value for is made from the plugin's own table of keys. */
import { type KeyDefinition, keys } from "@kubefence/plugin/keys";
import { z } from "zod";
import { absolutePath, mapOf, profileName, type Section, section } from "./section.ts";

const execPolicies = ["sandbox", "deny", "allow"] as const;

/** The original's values, with its defaults. */
const original = {
  runtimeClasses: z
    .array(z.string())
    .min(1)
    .default(["nono-runc"])
    .describe(
      "Runtime handlers whose pods are sandboxed. The handler of `runtimeClasses.kataNono` is added while that class is enabled.",
    ),
  defaultProfile: z
    .string()
    .regex(profileName)
    .default("default")
    .describe("Profile of pods without the annotation `nono.sh/profile`."),
  nonoBinPath: z
    .string()
    .regex(/^$|^\/(.*\/)?nono$/, "must be empty or an absolute path that ends in /nono")
    .default("/opt/nono-nri/nono")
    .describe(
      "Path of the launcher on the node. Its directory is installed there and mounted at `/nono` in sandboxed containers; " +
        "`hostPaths.nonoHostDir` follows it, or it follows `hostPaths.nonoHostDir`. May be empty if every class is in `vmRootfsClasses`.",
    ),
  socketPath: z
    .string()
    .regex(/^$|^\//, "must be empty or an absolute path")
    .default("")
    .describe("The runtime's NRI socket; empty means `/var/run/nri/nri.sock`. Its directory is mounted."),
  vmRootfsClasses: z
    .array(z.string())
    .default([])
    .describe(
      "Handlers for which `nonoBinPath` may be empty: those of Kata. While it is empty, their containers are refused like all others.",
    ),
  seccompProfile: z
    .string()
    .default("restricted")
    .describe("Seccomp profile of sandboxed containers: `restricted`, `runtime-default`, or empty for none of ours."),
} as const;

/** `min_landlock_abi` is `minLandlockAbi` in the chart; the template goes the other way with `snakecase`. */
export function valueName(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function valueOf(key: KeyDefinition): z.ZodType {
  switch (key.type) {
    case "string":
      return z.string().default(key.initial);
    case "string[]":
      return z.array(z.string()).default([...key.initial]);
    case "bool":
      return z.boolean().default(key.initial);
    case "integer":
      return z.int().default(key.initial);
    case "table of string":
      return mapOf(z.string()).default({});
    case "table of string[]":
      return mapOf(z.array(z.string())).default({});
    default:
      return key satisfies never;
  }
}

/** What the plugin would refuse later. */
const narrowed: Readonly<Record<string, z.ZodType>> = {
  invalidProfile: z.enum(["default", "refuse"]).default("default"),
  allowedProfiles: mapOf(z.array(z.string().regex(profileName))).default({}),
  minLandlockAbi: z.int().min(1).default(1),
  kubeletRoot: absolutePath().default("/var/lib/kubelet"),
  stateDirectory: absolutePath().default("/var/run/nono-nri"),
  profileSet: z.enum(["kubefence", "nono"]).default("kubefence"),
  launcher: z.enum(["kubefence", "nono", "template"]).default("kubefence"),
  launcherTemplate: mapOf(z.array(z.string()).min(1)).default({}),
  execPolicy: z.enum(execPolicies).default("sandbox"),
  execPolicyByNamespace: mapOf(z.enum(execPolicies)).default({}),
  kataAnnotations: z.array(z.string().regex(/^io\.katacontainers\./)).default([]),
  kataPolicySha256: z.array(z.string().regex(/^[0-9a-f]{64}$/)).default([]),
};

const added = Object.entries(keys)
  .map(([name, key]) => [valueName(name), key] as const)
  .filter(([name]) => !Object.hasOwn(original, name))
  .map(([name, key]) => [name, (narrowed[name] ?? valueOf(key)).describe(key.help)] as const);

export const config: Section = section("The plugin's configuration file; each value is the key of the same name.", {
  ...original,
  ...Object.fromEntries(added),
});
