import { cleanPath, isAtOrUnder, isStrictlyUnder } from "./clean-path.ts";
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
const KIND_OF_VOLUME_PLUGIN: ReadonlyMap<string, MountKind> = new Map<string, MountKind>([
  ["kubernetes.io~configmap", "config"],
  ["kubernetes.io~secret", "config"],
  ["kubernetes.io~downward-api", "config"],
  ["kubernetes.io~projected", "projected"],
  ...DATA_PLUGINS.split(" ").map((name): [string, MountKind] => [`kubernetes.io~${name}`, "data"]),
]);

/** Files that the runtime makes for each sandbox and binds into its containers. */
const RUNTIME_FILES = new Set(["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/shm"]);

/** What a mount asks for; among mounts at one destination that are not granted, the later in this list wins. */
const OUTCOMES = ["nothing", "exceptUnderGrant", "except", "readOnly", "readWrite"] as const;
type Outcome = (typeof OUTCOMES)[number];

/** Computes the options, each list sorted bytewise and without duplicates; or refuses two mounts that contradict each other. */
export function volumeOptions(
  pod: Pick<PodInput, "id" | "uid">,
  mounts: readonly MountInput[],
  profile: InstalledProfile,
  kubeletRoot: string,
): VolumeOptions | Refusal {
  const podDirectory = pod.uid === "" ? undefined : `${kubeletRoot}/pods/${pod.uid}`;
  const outcomes = new Map<string, Outcome>();
  for (const mount of mounts) {
    const destination = cleanPath(mount.destination);
    const outcome = outcomeOf(mount, destination, kindOfMount(pod.id, podDirectory, mount, destination), profile);
    const other = outcomes.get(destination);
    if (other === undefined) {
      outcomes.set(destination, outcome);
      continue;
    }
    if (other !== outcome && (isGrant(other) || isGrant(outcome))) {
      // Which of the two the container sees depends on the runtime's sorting: the grant could fall on the other one.
      return { code: "MOUNT_AMBIGUOUS", what: `two mounts of different kinds lie at ${JSON.stringify(destination)}` };
    }
    if (OUTCOMES.indexOf(outcome) > OUTCOMES.indexOf(other)) outcomes.set(destination, outcome);
  }
  return collect(outcomes);
}

function collect(outcomes: ReadonlyMap<string, Outcome>): VolumeOptions {
  const destinations: Record<Outcome, string[]> = {
    nothing: [],
    exceptUnderGrant: [],
    except: [],
    readOnly: [],
    readWrite: [],
  };
  for (const [destination, outcome] of outcomes) destinations[outcome].push(destination);
  const { readWrite, readOnly, except, exceptUnderGrant } = destinations;
  const granted = [...readWrite, ...readOnly];
  const insideGrant = exceptUnderGrant.filter((destination) =>
    granted.some((ancestor) => isStrictlyUnder(destination, ancestor)),
  );
  return {
    readWrite: sortBytewise(readWrite),
    readOnly: sortBytewise(readOnly),
    except: sortBytewise([...except, ...insideGrant]),
  };
}

function isGrant(outcome: Outcome): boolean {
  return outcome === "readWrite" || outcome === "readOnly";
}

function outcomeOf(mount: MountInput, destination: string, kind: MountKind, profile: InstalledProfile): Outcome {
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

/** `podDirectory` is the kubelet's for the pod, undefined for a pod without a uid. */
function kindOfMount(
  podId: string,
  podDirectory: string | undefined,
  mount: MountInput,
  destination: string,
): MountKind {
  if (mount.type !== "bind" && !mount.options.includes("bind") && !mount.options.includes("rbind")) return "runtime";
  const source = cleanPath(mount.source);
  if (podDirectory !== undefined && isStrictlyUnder(source, podDirectory)) {
    return kindInPodDirectory(source, podDirectory.length + 1);
  }
  const isSandboxFile = RUNTIME_FILES.has(destination) && podId !== "" && source.split("/").includes(podId);
  return isSandboxFile ? "runtime" : "host";
}

/** The kind of a clean source whose path below the pod's directory begins at `start`. */
function kindInPodDirectory(source: string, start: number): MountKind {
  const folderEnd = endOfComponent(source, start);
  const folder = source.slice(start, folderEnd);
  if (folder === "volumes") {
    const pluginEnd = endOfComponent(source, folderEnd + 1);
    const kind = KIND_OF_VOLUME_PLUGIN.get(source.slice(folderEnd + 1, pluginEnd));
    return kind !== undefined && pluginEnd < source.length ? kind : "unknown";
  }
  if (folder === "volume-subpaths") return "unknown";
  if (folder === "etc-hosts" && folderEnd === source.length) return "runtime";
  // containers/NAME/ID
  if (folder === "containers" && source.slice(folderEnd).split("/").length === 3) return "runtime";
  return "host";
}

function endOfComponent(path: string, start: number): number {
  const slash = path.indexOf("/", start);
  return slash === -1 ? path.length : slash;
}

const ASCII = /^[\0-\x7f]*$/;

/** In the order of the UTF-8 bytes; JavaScript's own order is that of UTF-16 units, which is the same for ASCII. */
function sortBytewise(paths: readonly string[]): string[] {
  if (paths.every((path) => ASCII.test(path))) return paths.toSorted();
  return paths.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}
