/** The shapes of source.ts, checked: no unknown key, no wrong type. What a value means is decided elsewhere. */
import { z } from "zod";
import { ProfileError, type Problem } from "../errors.ts";
import type { Group, ProfileBody, ProfileSource } from "./source.ts";

const when = z.union([z.string(), z.array(z.string()).min(1)]).optional();
const pathEntry = z.union([z.string(), z.strictObject({ path: z.string(), when })], {
  error: "expected a path or { path, when }",
});
const nameEntry = z.union([z.string(), z.strictObject({ name: z.string(), when })], {
  error: "expected a name or { name, when }",
});
// Named, so that a JSON Schema has each of them once.
const paths = z.array(pathEntry).meta({ id: "paths" }).optional();
const names = z.array(nameEntry).meta({ id: "names" }).optional();
const ports = z.array(z.int().min(1).max(65535)).meta({ id: "ports" }).optional();

/** Keys that the key table ignores or refuses; their values are not looked at here. */
const judged = (...keys: string[]): Record<string, z.ZodType> =>
  Object.fromEntries(keys.map((key) => [key, z.unknown().optional()]));

const body = {
  $schema: z.unknown().optional(),
  meta: z
    .strictObject({
      name: z.string().optional(),
      version: z.string().optional(),
      description: z.string().nullish(),
      author: z.string().nullish(),
    })
    .optional(),
  groups: z.strictObject({ include: names, exclude: names }).optional(),
  filesystem: z
    .strictObject({
      allow: paths,
      read: paths,
      write: paths,
      allow_file: paths,
      read_file: paths,
      write_file: paths,
      unix_socket: paths,
      unix_socket_dir: paths,
      unix_socket_subtree: paths,
      unix_socket_dir_bind: paths,
      unix_socket_subtree_bind: paths,
      deny: paths,
      bypass_protection: paths,
      ...judged("unix_socket_bind", "suppress_save_prompt"),
    })
    .optional(),
  workdir: z.strictObject({ access: z.enum(["none", "read", "write", "readwrite"]).optional() }).optional(),
  network: z
    .strictObject({
      block: z.boolean().optional(),
      connect_port: ports,
      listen_port: ports,
      listen_port_range: z.array(z.array(z.int().min(1).max(65535)).length(2)).optional(),
      ...judged("open_port", "open_port_range", "network_profile", "allow_domain", "deny_domain", "credentials"),
      ...judged("custom_credentials", "upstream_proxy", "upstream_bypass", "no_proxy", "allow_http2", "tls_intercept"),
      ...judged("approval_backends", "approval_defaults"),
    })
    .optional(),
  security: z
    .strictObject({
      ...judged("signal_mode", "process_info_mode", "ipc_mode", "capability_elevation"),
      ...judged("approval_backends", "approval_defaults", "wsl2_proxy_policy"),
    })
    .optional(),
  linux: z
    .strictObject({
      ...judged("af_unix_mediation", "sandbox_policy"),
      isolate: z.strictObject(judged("network", "loopback", "ipc", "uts")).optional(),
    })
    .optional(),
  environment: z.strictObject(judged("allow_vars", "deny_vars", "set_vars", "case_insensitive_vars")).nullish(),
  commands: z.strictObject(judged("allow", "deny")).optional(),
  rollback: z.strictObject(judged("exclude_patterns", "exclude_globs")).optional(),
  ...judged("env_credentials", "command_policies", "command_args", "binary", "session_hooks", "hooks", "packs"),
  ...judged("credential_capture", "credential_providers", "credential_routes", "allow_gpu", "skipdirs", "open_urls"),
  ...judged("diagnostics", "allow_launch_services", "unsafe_macos_seatbelt_rules", "allow_parent_of_protected"),
  kubefence: z
    .strictObject({
      exceptions: z.array(z.string()).optional(),
      exceptions_remove: z.array(z.string()).optional(),
      volumes: z.enum(["none", "read", "readwrite"]).optional(),
      config_volumes: z.boolean().optional(),
      projected_volumes: z.boolean().optional(),
    })
    .optional(),
};

const bodySchema: z.ZodType<ProfileBody> = z.strictObject(body);

/** A profile. The chart hands it on to Helm; a test holds it and the key table together. */
export const profileSchema: z.ZodType<ProfileSource> = z.strictObject({
  ...body,
  extends: z.union([z.string(), z.array(z.string()).min(1), z.null()]).optional(),
  platform_overrides: z.strictObject({ linux: bodySchema.nullish(), ...judged("macos", "windows") }).nullish(),
});

const groupSchema: z.ZodType<Group> = z.strictObject({
  description: z.string().optional(),
  platform: z.string().optional(),
  required: z.boolean().optional(),
  allow: z.strictObject({ read: paths, write: paths, readwrite: paths }).optional(),
  deny: z
    .strictObject({
      access: paths,
      commands: z.array(z.string()).optional(),
      unlink: z.boolean().optional(),
      unlink_override_for_user_writable: z.boolean().optional(),
    })
    .optional(),
  symlink_pairs: z.unknown().optional(),
});

const policySchema: z.ZodType<{ groups: Record<string, unknown>; profiles?: Record<string, unknown> | undefined }> =
  z.strictObject({
    meta: z.unknown().optional(),
    groups: z.record(z.string(), z.unknown()),
    profiles: z.record(z.string(), z.unknown()).optional(),
  });

/** @throws {ProfileError} naming every key that is unknown or has a wrong value. */
export function checkProfile(json: unknown, where: string): ProfileSource {
  return check(profileSchema, json, where);
}

/** @throws {ProfileError} */
export function checkGroup(json: unknown, where: string): Group {
  return check(groupSchema, json, where);
}

/**
 * A file like nono's data/policy.json: groups, and perhaps profiles. Both are checked when they are used.
 * @throws {ProfileError}
 */
export function checkPolicy(
  json: unknown,
  where: string,
): { groups: Record<string, unknown>; profiles: Record<string, unknown> } {
  const policy = check(policySchema, json, where);
  return { groups: policy.groups, profiles: policy.profiles ?? {} };
}

function check<T>(schema: z.ZodType<T>, json: unknown, where: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [first, ...others] = result.error.issues.flatMap((issue) => toProblems(issue, where));
  if (!first) throw new Error("zod reported a failure without an issue");
  throw new ProfileError([first, ...others]);
}

function toProblems(issue: z.core.$ZodIssue, where: string): Problem[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      code: "KF_PROFILE_UNKNOWN_KEY",
      where,
      message: `the key ${[...path, key].join(".")} is unknown`,
    }));
  }
  const value = path.length > 0 ? path.join(".") : "the profile";
  const message = `${value}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
  return [{ code: "KF_PROFILE_VALUE", where, message }];
}
