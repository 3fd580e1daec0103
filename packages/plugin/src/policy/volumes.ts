import { cleanPath, isAtOrUnder } from "./clean-path.ts";
import { GrantedPaths } from "./granted-paths.ts";
import type { InstalledProfile, PodInput, Refusal } from "./inputs.ts";
import { DESTINATION, isBind, isReadOnly, type Mounts, SOURCE } from "./mounts.ts";
import { indexOfSlash, startsWith } from "./path-bytes.ts";

/**
 * Which mounts become options of the launcher. The OCI runtime wrapper recomputes the same from the OCI configuration
 * and refuses a difference, so every rule here is written down in docs/reference/launcher.md too.
 */
export interface VolumeOptions {
  readonly readWrite: readonly string[];
  readonly readOnly: readonly string[];
  readonly except: readonly string[];
}

/** A volume's kind; `runtime` is what kubelet and runtime make themselves, `unknown` everything else. */
type MountKind = "data" | "config" | "projected" | "runtime" | "unknown";

/** The kubelet's directory for a volume plugin tells the kind of volume. The usual ones first: they are looked through in this order. */
const VOLUME_PLUGINS: readonly { readonly name: Buffer; readonly kind: MountKind }[] = [
  ...plugins("config", "configmap secret"),
  ...plugins("projected", "projected"),
  ...plugins("data", "empty-dir csi"),
  ...plugins("config", "downward-api"),
  ...plugins("data", "nfs iscsi fc rbd cephfs glusterfs local-volume aws-ebs gce-pd azure-disk azure-file"),
  ...plugins("data", "vsphere-volume cinder portworx-volume"),
];

function plugins(kind: MountKind, names: string): { name: Buffer; kind: MountKind }[] {
  return names.split(" ").map((name) => ({ name: Buffer.from(name), kind }));
}

const VOLUMES = Buffer.from("volumes/kubernetes.io~");
const HOSTS_FILE = Buffer.from("etc-hosts");
const CONTAINERS = Buffer.from("containers/");

/** What a mount asks for. */
type Outcome = "nothing" | "hostOrRuntime" | "exceptUnderGrant" | "except" | "readOnly" | "readWrite";

/** Computes the options, each list sorted bytewise and without duplicates; or refuses two mounts that contradict each other. */
export function volumeOptions(
  pod: Pick<PodInput, "id" | "uid">,
  mounts: Mounts,
  profile: InstalledProfile,
  kubeletRoot: string,
): VolumeOptions | Refusal {
  const { paths } = mounts;
  // Of a pod without a uid it has two slashes in a row, which no clean path has.
  const podDirectory = Buffer.from(`${kubeletRoot}/pods/${pod.uid}/`);
  const outcomes: Outcome[] = [];
  const readWrite = new GrantedPaths(paths);
  const readOnly = new GrantedPaths(paths);
  for (let mount = 0; mount < paths.length; mount++) {
    const outcome = outcomeOf(mounts, mount, podDirectory, profile);
    if (outcome === "readWrite") readWrite.add(mount);
    else if (outcome === "readOnly") readOnly.add(mount);
    outcomes.push(outcome);
  }
  const except: number[] = [];
  for (let mount = 0; mount < paths.length; mount++) {
    const outcome = outcomes[mount];
    // Which of two mounts a container sees depends on the runtime's sorting: a grant could fall on the other one.
    if ((outcome !== "readWrite" && readWrite.has(mount)) || (outcome !== "readOnly" && readOnly.has(mount))) {
      const where = JSON.stringify(paths.text(mount, DESTINATION));
      return { code: "MOUNT_AMBIGUOUS", what: `two mounts of different kinds lie at ${where}` };
    }
    if (outcome === "except") except.push(mount);
    else if (outcome === "exceptUnderGrant" || outcome === "hostOrRuntime") {
      // The mount itself is asked last: type and options of most are never looked at.
      const isUnderGrant = readWrite.isAbove(mount) || readOnly.isAbove(mount);
      if (isUnderGrant && (outcome === "exceptUnderGrant" || isHost(mounts, mount, pod.id))) except.push(mount);
    }
  }
  return {
    readWrite: destinations(mounts, readWrite.mounts),
    readOnly: destinations(mounts, readOnly.mounts),
    except: destinations(mounts, except),
  };
}

/** `podDirectory` is the kubelet's for the pod, with a slash at the end. */
function outcomeOf(mounts: Mounts, mount: number, podDirectory: Buffer, profile: InstalledProfile): Outcome {
  const { paths } = mounts;
  const start = paths.start(mount, SOURCE);
  const end = paths.end(mount, SOURCE);
  if (!startsWith(paths.bytes, start, end, podDirectory)) return "hostOrRuntime";
  const outcome = outcomeOfKind(kindOf(paths.bytes, start + podDirectory.length, end), mounts, mount, profile);
  return outcome === "nothing" || isBind(mounts, mount) ? outcome : "nothing";
}

function outcomeOfKind(kind: MountKind, mounts: Mounts, mount: number, profile: InstalledProfile): Outcome {
  if (kind === "runtime") return "nothing";
  if (kind === "data") {
    if (profile.volumes === "none") return "nothing";
    return profile.volumes === "readwrite" && !isReadOnly(mounts, mount) ? "readWrite" : "readOnly";
  }
  if (kind === "config") return profile.configVolumes ? "readOnly" : "nothing";
  if (kind === "projected") {
    if (profile.projectedVolumes) return "readOnly";
    return isExceptedBy(profile, mounts.paths.text(mount, DESTINATION)) ? "nothing" : "except";
  }
  return "exceptUnderGrant";
}

function isExceptedBy(profile: InstalledProfile, destination: string): boolean {
  return profile.literalExceptions.some((exception) => isAtOrUnder(destination, exception));
}

/** True if a mount from outside the pod's directory is none that the runtime makes itself. */
function isHost(mounts: Mounts, mount: number, podId: string): boolean {
  return isBind(mounts, mount) && !isSandboxFile(podId, mounts, mount);
}

/** A file that the runtime makes for each sandbox and binds into its containers. */
function isSandboxFile(podId: string, { original, paths }: Mounts, mount: number): boolean {
  switch (paths.text(mount, DESTINATION)) {
    case "/etc/hosts":
    case "/etc/hostname":
    case "/etc/resolv.conf":
    case "/dev/shm":
      return podId !== "" && `${cleanPath(original.text(mount, SOURCE))}/`.includes(`/${podId}/`);
    default:
      return false;
  }
}

/** The kind of a mount by its source's clean path below the pod's directory, which is from `start` to `end`. */
function kindOf(bytes: Buffer, start: number, end: number): MountKind {
  if (startsWith(bytes, start, end, VOLUMES)) return kindOfVolume(bytes, start + VOLUMES.length, end);
  if (startsWith(bytes, start, end, HOSTS_FILE)) return end - start === HOSTS_FILE.length ? "runtime" : "unknown";
  if (startsWith(bytes, start, end, CONTAINERS)) {
    // Name and id: where the kubelet keeps a container's termination log.
    const slash = indexOfSlash(bytes, start + CONTAINERS.length, end);
    return slash !== -1 && indexOfSlash(bytes, slash + 1, end) === -1 ? "runtime" : "unknown";
  }
  return "unknown";
}

/** The kind of a volume by its plugin's name, which begins at `start`; a name of its own must follow. */
function kindOfVolume(bytes: Buffer, start: number, end: number): MountKind {
  const length = indexOfSlash(bytes, start, end) - start;
  for (let index = 0; index < VOLUME_PLUGINS.length; index++) {
    const plugin = VOLUME_PLUGINS[index];
    if (plugin?.name.length === length && startsWith(bytes, start, end, plugin.name)) return plugin.kind;
  }
  return "unknown";
}

/** The destinations, sorted and each once. */
function destinations(mounts: Mounts, which: readonly number[]): readonly string[] {
  const found: string[] = [];
  for (const mount of which) found.push(mounts.paths.text(mount, DESTINATION));
  if (found.length < 2) return found;
  // JavaScript's own order, that of UTF-16 units, is the order of the UTF-8 bytes where all is ASCII.
  if (mounts.paths === mounts.original) found.sort();
  else found.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return found.filter((path, index) => path !== found[index - 1]);
}
