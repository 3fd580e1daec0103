import { Container, decode, encode, writeContainer } from "@kubefence/nri";
import type { Configuration } from "../config/configuration.ts";
import { kataRules } from "../kata/rules.ts";
import type { NodeState } from "../policy/decide.ts";
import type { ContainerInput, InstalledProfile, MountInput, PodInput } from "../policy/inputs.ts";
import { type Mounts, readMounts } from "../policy/mounts.ts";
import { judgeRuntime } from "../policy/runtime.ts";

/** Inputs of a decision for tests: an ordinary pod of our class, with what a case changes. */
export function podInput(changes: Partial<PodInput> & { profile?: string } = {}): PodInput {
  const {
    profile,
    annotations = new Map(profile === undefined ? [] : [["nono.sh/profile", profile]]),
    ...rest
  } = changes;
  return {
    id: "sandbox1",
    uid: "pod-uid",
    name: "web",
    namespace: "team-a",
    runtimeHandler: "nono-runc",
    annotations,
    annotation: (key) => annotations.get(key),
    ...rest,
  };
}

export function containerInput(
  changes: Partial<ContainerInput> & { mounts?: readonly MountInput[] } = {},
): ContainerInput & { readonly mounts: readonly MountInput[] } {
  const { env = ["PATH=/usr/bin:/bin", "HOME=/root"], mounts = [PROC], ...rest } = changes;
  return {
    id: "container1",
    args: ["nginx", "-g", "daemon off;"],
    env,
    envStartingWith: (...prefixes) => env.filter((entry) => prefixes.some((prefix) => entry.startsWith(prefix))),
    mounts,
    mountSpans: () => decode(Container, encode(writeContainer, { mounts })).mountSpans(),
    linux: { namespaces: [{ type: "pid", path: "" }] },
    user: { uid: 0, gid: 0, additionalGids: [] },
    ...rest,
  };
}

const PROC: MountInput = { destination: "/proc", type: "proc", source: "proc", options: ["nosuid"] };

/** Mounts as a decision reads them. */
export function mountsOf(mounts: readonly MountInput[]): Mounts {
  return readMounts(containerInput({ mounts }).mountSpans());
}

export function bindMount(
  destination: string,
  source: string,
  options: readonly string[] = ["rbind", "rw"],
): MountInput {
  return { destination, type: "bind", source, options };
}

/** A volume of the pod of {@link podInput} as the kubelet lays it out. */
export function volume(plugin: string, destination: string, options?: readonly string[]): MountInput {
  return bindMount(destination, `/var/lib/kubelet/pods/pod-uid/volumes/kubernetes.io~${plugin}/vol`, options);
}

export function installedProfile(changes: Partial<InstalledProfile> = {}): InstalledProfile {
  return {
    volumes: "none",
    configVolumes: true,
    projectedVolumes: false,
    literalExceptions: ["/var/run/secrets", "/run/secrets", "/etc/shadow"],
    restrictsTcp: false,
    broken: undefined,
    barrier: undefined,
    ...changes,
  };
}

export function configuration(changes: Partial<Configuration> = {}): Configuration {
  return {
    runtimeClasses: ["nono-runc"],
    defaultProfile: "default",
    nonoBinPath: "/opt/nono-nri/nono",
    seccompProfile: "",
    socketPath: "",
    vmRootfsClasses: [],
    invalidProfile: "default",
    allowedProfiles: undefined,
    minLandlockAbi: 1,
    kubeletRoot: "/var/lib/kubelet",
    stateDirectory: "/var/run/nono-nri",
    pathShims: false,
    profileSet: "kubefence",
    launcher: "kubefence",
    launcherTemplate: new Map(),
    launcherVariables: [],
    execPolicy: "sandbox",
    execPolicyByNamespace: new Map(),
    kataClasses: [],
    kataAnnotations: [],
    kataPolicySha256: [],
    ...changes,
  };
}

export function nodeState(changes: Partial<NodeState> & { configuration?: Configuration } = {}): NodeState {
  return {
    configuration: configuration(),
    runtime: judgeRuntime("containerd", "v2.3.7", "v0.12.0"),
    launcher: { kind: "ready", abi: 7, barriers: [] },
    guestLauncher: { kind: "ready", abi: 7, barriers: [] },
    kata: kataRules(changes.configuration ?? configuration()),
    profiles: new Map([
      ["default", installedProfile()],
      ["workspace", installedProfile({ volumes: "readwrite" })],
      ["strict", installedProfile({ configVolumes: false })],
    ]),
    seccomp: undefined,
    filterProblem: undefined,
    otherLauncher: undefined,
    ...changes,
  };
}
