/**
 * Every error of the plugin: a stable code, what it means, and what to do. The table is also docs/reference/errors.md.
 * Codes are never renamed; the text that names the value at fault is written where the error is found.
 */
export interface ErrorEntry {
  /** What it means, for the reference page. */
  readonly meaning: string;
  /** What to do next: the last part of the message, unless the place that raises it knows better. */
  readonly action: string;
}

export type StartErrorCode =
  | "LOG_LEVEL_INVALID"
  | "HEALTH_ADDRESS_INVALID"
  | "KERNEL_TOO_OLD"
  | "CONFIG_UNREADABLE"
  | "CONFIG_UNPARSABLE"
  | "CONFIG_INVALID";

export type LauncherErrorCode =
  | "LAUNCHER_NOT_CONFIGURED"
  | "LAUNCHER_MISSING"
  | "LAUNCHER_SYMLINK"
  | "LAUNCHER_NOT_A_FILE"
  | "LAUNCHER_NOT_EXECUTABLE"
  | "LAUNCHER_NAME"
  | "LAUNCHER_NOT_STATIC"
  | "LAUNCHER_OWNER"
  | "LAUNCHER_WRITABLE"
  | "LAUNCHER_UNREACHABLE"
  | "LAUNCHER_PROBE_FAILED"
  | "SHIMS_UNUSABLE"
  | "LANDLOCK_OFF"
  | "LANDLOCK_ABI_TOO_LOW";

export type ContainerErrorCode =
  | "RUNTIME_TOO_OLD"
  | "RUNTIME_UNKNOWN"
  | "MOUNT_OVER_LAUNCHER"
  | "MOUNT_AMBIGUOUS"
  | "MOUNT_PATH_INVALID"
  | "ENV_DUPLICATE"
  | "PROFILE_NAME_INVALID"
  | "PROFILE_NOT_INSTALLED"
  | "PROFILE_NOT_ALLOWED"
  | "PROFILE_BROKEN"
  | "PROFILE_NEEDS_ABI"
  | "SECCOMP_FILTER_UNUSABLE"
  | "KATA_ANNOTATION_REFUSED"
  | "KATA_POLICY_REFUSED"
  | "LAUNCHER_CANNOT"
  | "ADJUSTMENT_LOST"
  | "INTERNAL";

/** What a create can be refused with. */
export type RefusalCode = LauncherErrorCode | ContainerErrorCode;
export type PluginErrorCode = StartErrorCode | RefusalCode;

/** Errors that end the start-up with exit code 1 and one line on stderr. */
export const startErrors: Readonly<Record<StartErrorCode, ErrorEntry>> = {
  LOG_LEVEL_INVALID: {
    meaning: "--log-level is no slog level.",
    action: "use debug, info, warn or error, with an optional offset such as info+2",
  },
  HEALTH_ADDRESS_INVALID: {
    meaning: "--health-address is not HOST:PORT, or nothing can listen there.",
    action: "use HOST:PORT, for example 127.0.0.1:9440 or :9440, with a free port",
  },
  KERNEL_TOO_OLD: {
    meaning: "The node's kernel is older than Landlock.",
    action: "use a node with Linux 5.13 or later",
  },
  CONFIG_UNREADABLE: {
    meaning: "The configuration file is missing or cannot be read.",
    action: "create it or name another with --config",
  },
  CONFIG_UNPARSABLE: {
    meaning: "The configuration file is no TOML, has an unknown key, or a value of the wrong type.",
    action: "correct the key; docs/reference/configuration.md lists all of them",
  },
  CONFIG_INVALID: {
    meaning: "A value of the configuration file is not allowed; the message names key and value.",
    action: "correct the value; docs/reference/configuration.md says what each key takes",
  },
};

/** Errors of the launcher: they end the start-up, and refuse containers when they appear later. */
export const launcherErrors: Readonly<Record<LauncherErrorCode, ErrorEntry>> = {
  LAUNCHER_NOT_CONFIGURED: {
    meaning: "nono_bin_path is empty (every class is in vm_rootfs_classes), so there is nothing to mount or to run.",
    action: "set nono_bin_path in the plugin's configuration",
  },
  LAUNCHER_MISSING: {
    meaning: "There is no file at nono_bin_path.",
    action: "install the launcher there",
  },
  LAUNCHER_SYMLINK: {
    meaning:
      "nono_bin_path, a directory above it or its profiles folder is a symbolic link; its target could be exchanged, or lie outside the mounted directory.",
    action: "install the launcher as a regular file, and name it by its real path",
  },
  LAUNCHER_NOT_A_FILE: {
    meaning: "nono_bin_path is a directory, device or socket.",
    action: "install the launcher as a regular file",
  },
  LAUNCHER_NOT_EXECUTABLE: {
    meaning: "The launcher has no execute permission.",
    action: "chmod 0755 it",
  },
  LAUNCHER_NAME: {
    meaning: "The launcher's file is not called nono, so /nono/nono would not exist in containers.",
    action: "name the file nono",
  },
  LAUNCHER_NOT_STATIC: {
    meaning: "The launcher needs a dynamic loader, which would come from the image and run before the sandbox.",
    action: "install the static launcher of the release",
  },
  LAUNCHER_OWNER: {
    meaning: "The launcher, its directory, a directory above or its profiles folder does not belong to root.",
    action: "chown root:root it",
  },
  LAUNCHER_WRITABLE: {
    meaning:
      "The launcher, its directory, a directory above or its profiles folder can be changed by others than root.",
    action: "chmod go-w it",
  },
  LAUNCHER_UNREACHABLE: {
    meaning: "The launcher's directory or file is closed to the user that the container runs as.",
    action: "open the directory (0755) and the files (launcher 0755, profiles 0644) on the node",
  },
  LAUNCHER_PROBE_FAILED: {
    meaning: "The launcher's self-test (--probe) did not run or did not answer as our launcher does.",
    action: "run it with --probe on the node and install the launcher of this release",
  },
  SHIMS_UNUSABLE: {
    meaning:
      "path_shims is true, and the shims beside the launcher are missing, could have been changed by others, or were installed for another default profile.",
    action: "run kubefence install-launcher on the node",
  },
  LANDLOCK_OFF: {
    meaning: "The kernel does not enforce Landlock: the self-test's denied open was not denied.",
    action: "add landlock to the kernel's lsm= list (or CONFIG_LSM) and reboot the node",
  },
  LANDLOCK_ABI_TOO_LOW: {
    meaning: "The kernel's Landlock ABI is below min_landlock_abi.",
    action: "use a newer kernel or lower min_landlock_abi",
  },
};

/** Refusals: the container is not created, and kubelet shows the text as the pod's event. */
export const containerErrors: Readonly<Record<ContainerErrorCode, ErrorEntry>> = {
  RUNTIME_TOO_OLD: {
    meaning: "The container runtime ignores changes of the command silently, so nothing would be sandboxed.",
    action: "upgrade the node's container runtime (containerd 2.2.0 or later, CRI-O 1.35 or later)",
  },
  RUNTIME_UNKNOWN: {
    meaning: "The runtime did not say who it is, or is none that is known to apply changes of the command.",
    action: "use containerd 2.2.0 or later, CRI-O 1.35 or later, or a runtime that reports NRI 0.10 or later",
  },
  MOUNT_OVER_LAUNCHER: {
    meaning: "The container mounts something at, under or above /nono, which could replace the launcher.",
    action: "choose another mountPath",
  },
  MOUNT_AMBIGUOUS: {
    meaning: "Two mounts of the container lie at the same path, and only one of them is for the profile to grant.",
    action: "give each volume a mountPath of its own",
  },
  MOUNT_PATH_INVALID: {
    meaning: "A mount's destination is not valid UTF-8, so it cannot be named to the launcher.",
    action: "choose a mountPath in UTF-8",
  },
  ENV_DUPLICATE: {
    meaning: "The container's environment has PATH or NONO_PROFILE twice; the runtime would keep the wrong one.",
    action: "set the variable once, in the pod or in the image",
  },
  PROFILE_NAME_INVALID: {
    meaning: "The pod's annotation nono.sh/profile is no profile name, and invalid_profile is refuse.",
    action: "correct the annotation nono.sh/profile",
  },
  PROFILE_NOT_INSTALLED: {
    meaning: "The profile is not installed on the node.",
    action: "choose an installed profile in the annotation nono.sh/profile, or have it installed",
  },
  PROFILE_NOT_ALLOWED: {
    meaning: "allowed_profiles does not give the profile to the pod's namespace.",
    action: "choose an allowed profile in the annotation nono.sh/profile, or ask the cluster's operator",
  },
  PROFILE_BROKEN: {
    meaning: "The profile's installed manifest cannot be read, is no manifest, or could have been changed by others.",
    action: "compile and install the profile again",
  },
  PROFILE_NEEDS_ABI: {
    meaning: "The profile restricts TCP, which the node's kernel cannot enforce (Landlock ABI 4).",
    action: "use a profile without TCP rules or a node with Linux 6.7 or later",
  },
  SECCOMP_FILTER_UNUSABLE: {
    meaning:
      "The launcher has to add the policy of seccomp_profile to the container's filters, and the folder seccomp beside the launcher lacks the compiled filter, or that is closed to some users, or not root's.",
    action: "install the folder seccomp of the release beside the launcher (0755, files 0644, owned by root)",
  },
  KATA_ANNOTATION_REFUSED: {
    meaning:
      "An annotation of a pod that runs in a virtual machine could switch off or replace what sandboxes it: guest seccomp, policy, kernel, image or configuration.",
    action: "take the annotation away, or ask the cluster's operator to admit it (kata_annotations)",
  },
  KATA_POLICY_REFUSED: {
    meaning: "A pod brings a policy for its guest, or initdata that may hold one, which the operator has not listed.",
    action: "take the annotation away, or ask the cluster's operator to list its SHA-256 (kata_policy_sha256)",
  },
  LAUNCHER_CANNOT: {
    meaning:
      "The configuration names a launcher that is not ours (launcher), and it cannot do what the container needs; the message names it.",
    action: 'use launcher = "kubefence", or change the pod',
  },
  ADJUSTMENT_LOST: {
    meaning:
      "Validation: the container would start without what the plugin put in (another plugin undid it, or we never answered for it).",
    action: "look for another NRI plugin that changes args, env or mounts of sandboxed containers",
  },
  INTERNAL: {
    meaning: "A defect of the plugin; the container is refused all the same.",
    action: "report it with the plugin's log",
  },
};

/** All codes of the plugin. */
export const pluginErrors: Readonly<Record<PluginErrorCode, ErrorEntry>> = {
  ...startErrors,
  ...launcherErrors,
  ...containerErrors,
};

/** What failed, under a stable code. `message` says what and why; the action comes with {@link explain}. */
export class KubefenceError extends Error {
  readonly code: PluginErrorCode;
  /** What to do, where the code's own is not good enough. */
  readonly action: string | undefined;

  constructor(code: PluginErrorCode, message: string, options: ErrorOptions & { action?: string | undefined } = {}) {
    super(message, options);
    this.name = "KubefenceError";
    this.code = code;
    this.action = options.action;
  }
}

/** The one-line text of an error for people: `CODE: what: why; what to do`. */
export function explain(code: PluginErrorCode, what: string, action: string = pluginErrors[code].action): string {
  return `${code}: ${what}; ${action}`;
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
