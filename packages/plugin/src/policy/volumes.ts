import { cleanPath, isAtOrUnder, isPlainPath, isStrictlyUnder } from "./clean-path.ts";
import type { InstalledProfile, MountInput, PodInput, Refusal } from "./inputs.ts";

/**
 * Which mounts become options of the launcher. The OCI runtime wrapper recomputes the same from the OCI configuration
 * and refuses a difference, so every rule here is written down in docs/reference/launcher.md too.
 */
export interface VolumeOptions {
  readonly readWrite: readonly string[];
  readonly readOnly: readonly string[];
  readonly except: readonly string[];
}

type MountKind = "data" | "config" | "projected" | "unknown" | "runtime" | "host";

const DATA_PLUGINS =
  "empty-dir csi nfs iscsi fc rbd cephfs glusterfs local-volume aws-ebs gce-pd azure-disk azure-file vsphere-volume cinder portworx-volume";

/** The kubelet's directory for a volume plugin tells the kind of volume. */
const VOLUME_PLUGIN_PREFIX = "kubernetes.io~";
const KIND_OF_VOLUME_PLUGIN: ReadonlyMap<string, MountKind> = new Map<string, MountKind>([
  ["configmap", "config"],
  ["secret", "config"],
  ["downward-api", "config"],
  ["projected", "projected"],
  ...DATA_PLUGINS.split(" ").map((name): [string, MountKind] => [name, "data"]),
]);

/** What a mount asks for. */
type Outcome = "nothing" | "hostOrRuntime" | "exceptUnderGrant" | "except" | "readOnly" | "readWrite";

interface Wish {
  readonly mount: MountInput;
  /** Clean. */
  readonly destination: string;
  readonly outcome: Outcome;
}

/** Computes the options, each list sorted bytewise and without duplicates; or refuses two mounts that contradict each other. */
export function volumeOptions(
  pod: Pick<PodInput, "id" | "uid">,
  mounts: readonly MountInput[],
  profile: InstalledProfile,
  kubeletRoot: string,
): VolumeOptions | Refusal {
  const podDirectory = pod.uid === "" ? undefined : `${kubeletRoot}/pods/${pod.uid}`;
  const wishes: Wish[] = [];
  const granted = new Map<string, Outcome>();
  for (const mount of mounts) {
    const destination = cleanPath(mount.destination);
    const outcome = outcomeOf(mount, destination, podDirectory, profile);
    wishes.push({ mount, destination, outcome });
    if (outcome === "readOnly" || outcome === "readWrite") granted.set(destination, outcome);
  }
  return findContradiction(wishes, granted) ?? collect(wishes, granted, pod.id);
}

/** Which of two mounts a container sees depends on the runtime's sorting: a grant could fall on the other one. */
function findContradiction(wishes: readonly Wish[], granted: ReadonlyMap<string, Outcome>): Refusal | undefined {
  if (granted.size === 0) return undefined;
  for (const { destination, outcome } of wishes) {
    const grant = granted.get(destination);
    if (grant !== undefined && grant !== outcome) {
      return { code: "MOUNT_AMBIGUOUS", what: `two mounts of different kinds lie at ${JSON.stringify(destination)}` };
    }
  }
  return undefined;
}

function collect(wishes: readonly Wish[], granted: ReadonlyMap<string, Outcome>, podId: string): VolumeOptions {
  const readWrite: string[] = [];
  const readOnly: string[] = [];
  const except: string[] = [];
  for (const { mount, destination, outcome } of wishes) {
    if (outcome === "readWrite") readWrite.push(destination);
    else if (outcome === "readOnly") readOnly.push(destination);
    else if (outcome === "except") except.push(destination);
    else if (outcome !== "nothing" && hasAncestorIn(granted, destination)) {
      // Asked last: type and options of most mounts are never looked at.
      if (outcome === "exceptUnderGrant" || isHost(mount, destination, podId)) except.push(destination);
    }
  }
  return { readWrite: sortBytewise(readWrite), readOnly: sortBytewise(readOnly), except: sortBytewise(except) };
}

/** True if a directory above the clean path, and not only itself, is among the paths. */
function hasAncestorIn(paths: ReadonlyMap<string, unknown>, path: string): boolean {
  if (paths.size === 0 || path === "/") return false;
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
    if (paths.has(path.slice(0, slash))) return true;
  }
  return paths.has("/");
}

/** `podDirectory` is the kubelet's for the pod, undefined for a pod without a uid. */
function outcomeOf(
  mount: MountInput,
  destination: string,
  podDirectory: string | undefined,
  profile: InstalledProfile,
): Outcome {
  const below = podDirectory === undefined ? undefined : pathBelow(podDirectory, mount.source);
  if (below === undefined) return "hostOrRuntime";
  const outcome = outcomeOfKind(kindInPodDirectory(below), mount, destination, profile);
  return outcome === "nothing" || isBind(mount) ? outcome : "nothing";
}

function outcomeOfKind(kind: MountKind, mount: MountInput, destination: string, profile: InstalledProfile): Outcome {
  if (kind === "runtime") return "nothing";
  if (kind === "data") {
    if (profile.volumes === "none") return "nothing";
    return profile.volumes === "readwrite" && !mount.options.includes("ro") ? "readWrite" : "readOnly";
  }
  if (kind === "config") return profile.configVolumes ? "readOnly" : "nothing";
  if (kind === "projected") {
    if (profile.projectedVolumes) return "readOnly";
    return profile.literalExceptions.some((exception) => isAtOrUnder(destination, exception)) ? "nothing" : "except";
  }
  return "exceptUnderGrant";
}

/** The rest are the runtime's own: proc, tmpfs and the like. */
function isBind(mount: MountInput): boolean {
  return mount.type === "bind" || mount.options.includes("bind") || mount.options.includes("rbind");
}

/** True if a mount from outside the pod's directory is none that the runtime makes itself. */
function isHost(mount: MountInput, destination: string, podId: string): boolean {
  return isBind(mount) && !isSandboxFile(podId, mount.source, destination);
}

/** The clean path of a source below the clean directory, or undefined if it is not there. */
function pathBelow(directory: string, source: string): string | undefined {
  if (isPlainPath(source))
    return isStrictlyUnder(source, directory) ? source.substring(directory.length + 1) : undefined;
  // The runtime's own sources, like `proc`, are no paths.
  if (!source.includes("/")) return undefined;
  const clean = cleanPath(source);
  return isStrictlyUnder(clean, directory) ? clean.substring(directory.length + 1) : undefined;
}

/** A file that the runtime makes for each sandbox and binds into its containers. */
function isSandboxFile(podId: string, source: string, destination: string): boolean {
  switch (destination) {
    case "/etc/hosts":
    case "/etc/hostname":
    case "/etc/resolv.conf":
    case "/dev/shm":
      return podId !== "" && `${cleanPath(source)}/`.includes(`/${podId}/`);
    default:
      return false;
  }
}

/** The kind of a mount by its source's clean path below the pod's directory. */
function kindInPodDirectory(path: string): MountKind {
  const slash = path.indexOf("/");
  const folder = slash === -1 ? path : path.substring(0, slash);
  const rest = slash === -1 ? "" : path.substring(slash + 1);
  switch (folder) {
    case "volumes":
      return kindOfVolume(rest);
    case "volume-subpaths":
      return "unknown";
    case "etc-hosts":
      return rest === "" ? "runtime" : "host";
    case "containers":
      return NAME_AND_ID.test(rest) ? "runtime" : "host";
    default:
      return "host";
  }
}

/** Where the kubelet keeps a container's termination log. */
const NAME_AND_ID = /^[^/]+\/[^/]+$/;

/** The kind of a volume by its path in the pod's directory of volumes: PLUGIN/NAME and further. */
function kindOfVolume(path: string): MountKind {
  const pluginEnd = path.indexOf("/");
  if (pluginEnd === -1 || path.substring(0, VOLUME_PLUGIN_PREFIX.length) !== VOLUME_PLUGIN_PREFIX) return "unknown";
  return KIND_OF_VOLUME_PLUGIN.get(path.substring(VOLUME_PLUGIN_PREFIX.length, pluginEnd)) ?? "unknown";
}

const SURROGATE = /[\ud800-\udfff]/;

/** In the order of the UTF-8 bytes, which is JavaScript's own, that of UTF-16 units, where there are no surrogates. */
function sortBytewise(paths: string[]): readonly string[] {
  if (paths.length < 2) return paths;
  if (SURROGATE.test(paths.join(""))) {
    paths.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  } else {
    paths.sort();
  }
  return paths.filter((path, index) => path !== paths[index - 1]);
}
