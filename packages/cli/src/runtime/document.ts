/**
 * The configuration of nono-runc as a value. native/runtime/src/configuration/document.rs reads it and refuses whatever
 * it does not know; docs/reference/nono-runc.md explains it.
 */

/** What a profile is for the wrapper: which bytes, and what options follow from it. */
export interface ProfileEntry {
  readonly digest: string;
  readonly volumes: "none" | "read" | "readwrite";
  readonly config_volumes: boolean;
  readonly projected_volumes: boolean;
  readonly literal_exceptions: readonly string[];
}

/** A launcher that may be in the launcher's directory. */
export interface AcceptedLauncher {
  readonly sha256: string;
  /** `inode:size:seconds.nanoseconds` of the last change; "" for a file that is not there yet. */
  readonly identity: string;
}

/** The keys of the plugin's configuration that the wrapper needs. */
export interface PluginSettings {
  readonly defaultProfile: string;
  readonly invalidProfile: string;
  readonly allowedProfiles: ReadonlyMap<string, readonly string[]> | undefined;
  readonly kubeletRoot: string;
  readonly minLandlockAbi: number;
  readonly execPolicy: string;
  readonly execPolicyByNamespace: ReadonlyMap<string, string>;
  /** A seccomp policy's name, or "". */
  readonly seccompProfile: string;
}

/** What the node has, as paths of the node. */
export interface NodeParts {
  /** runc or crun. */
  readonly runtime: string;
  readonly launcherDirectory: string;
  readonly launchers: readonly AcceptedLauncher[];
  readonly profiles: ReadonlyMap<string, ProfileEntry>;
  /** Where refusals are logged. */
  readonly log: string;
}

/** The file's text; the same input gives the same bytes. */
export function runtimeConfiguration(settings: PluginSettings, parts: NodeParts): string {
  // Most profiles share one of few lists, and every call of nono-runc reads this file.
  const lists: string[] = [];
  const indexOf = (list: readonly string[]): number => {
    const text = JSON.stringify(list);
    const index = lists.indexOf(text);
    return index === -1 ? lists.push(text) - 1 : index;
  };
  const profiles = Object.entries(sorted(parts.profiles)).map(([name, { literal_exceptions, ...rest }]) => [
    name,
    { ...rest, exceptions: indexOf(literal_exceptions) },
  ]);
  const document = {
    version: 1,
    runtime: parts.runtime,
    launcher: { directory: parts.launcherDirectory, accepted: parts.launchers },
    exception_lists: lists.map((list): unknown => JSON.parse(list)),
    profiles: Object.fromEntries(profiles),
    default_profile: settings.defaultProfile,
    invalid_profile: settings.invalidProfile,
    ...(settings.allowedProfiles && { allowed_profiles: sorted(settings.allowedProfiles) }),
    kubelet_root: settings.kubeletRoot,
    exec_policy: { default: settings.execPolicy, namespaces: sorted(settings.execPolicyByNamespace) },
    seccomp_profile: settings.seccompProfile,
    min_landlock_abi: settings.minLandlockAbi,
    log: parts.log,
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

function sorted<Value>(map: ReadonlyMap<string, Value>): Record<string, Value> {
  return Object.fromEntries([...map].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
