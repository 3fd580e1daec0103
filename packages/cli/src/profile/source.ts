/** The shapes of what is read: a profile in nono's format with our member, and the groups it refers to. */
import type { Access, VolumeAccess } from "./manifest.ts";

/** A platform, or several of which one must be. */
export type When = string | readonly string[];

/** A path, perhaps only on some platforms. */
export type ConditionalPath = string | { readonly path: string; readonly when?: When | undefined };

/** A group's name, perhaps only on some platforms. */
export type ConditionalName = string | { readonly name: string; readonly when?: When | undefined };

type Optional<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** The filesystem keys that grant something, the access each gives, and whether it names single files. */
export const grantKeys: readonly { readonly key: GrantKey; readonly access: Access; readonly file: boolean }[] = [
  { key: "allow", access: "readwrite", file: false },
  { key: "read", access: "read", file: false },
  { key: "write", access: "write", file: false },
  { key: "allow_file", access: "readwrite", file: true },
  { key: "read_file", access: "read", file: true },
  { key: "write_file", access: "write", file: true },
  { key: "unix_socket", access: "read", file: true },
  { key: "unix_socket_dir", access: "read", file: false },
  { key: "unix_socket_subtree", access: "read", file: false },
  { key: "unix_socket_dir_bind", access: "readwrite", file: false },
  { key: "unix_socket_subtree_bind", access: "readwrite", file: false },
];

export type GrantKey =
  | "allow"
  | "read"
  | "write"
  | "allow_file"
  | "read_file"
  | "write_file"
  | "unix_socket"
  | "unix_socket_dir"
  | "unix_socket_subtree"
  | "unix_socket_dir_bind"
  | "unix_socket_subtree_bind";

/** The keys that become part of a manifest; the others are in here too, as `unknown`, and are judged by the key table. */
export type ProfileBody = Optional<{
  meta: Optional<{ name: string; description: string | null }>;
  groups: Optional<{ include: readonly ConditionalName[]; exclude: readonly ConditionalName[] }>;
  filesystem: Optional<Record<GrantKey | "deny" | "bypass_protection", readonly ConditionalPath[]>>;
  workdir: Optional<{ access: "none" | "read" | "write" | "readwrite" }>;
  network: Optional<{
    block: boolean;
    connect_port: readonly number[];
    listen_port: readonly number[];
    listen_port_range: readonly (readonly number[])[];
  }>;
  kubefence: Optional<{
    exceptions: readonly string[];
    exceptions_remove: readonly string[];
    volumes: VolumeAccess;
    config_volumes: boolean;
    projected_volumes: boolean;
  }>;
}>;

export type ProfileSource = ProfileBody &
  Optional<{
    extends: string | readonly string[] | null;
    platform_overrides: Optional<{ linux: ProfileBody | null }> | null;
  }>;

/** A named set of grants and denials, as in nono's policy.json. */
export type Group = Optional<{
  description: string;
  /** Only on this platform. */
  platform: string;
  /** Cannot be excluded. */
  required: boolean;
  allow: Optional<Record<"read" | "write" | "readwrite", readonly ConditionalPath[]>>;
  deny: Optional<{
    access: readonly ConditionalPath[];
    commands: readonly string[];
    unlink: boolean;
    unlink_override_for_user_writable: boolean;
  }>;
  symlink_pairs: unknown;
}>;
