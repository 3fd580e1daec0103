import { join } from "node:path";
import type {
  ContainerConfig,
  LinuxResources,
  Mount,
  NamespaceOption,
  PodSandboxConfig,
  SecurityProfile,
} from "../cri/messages.ts";
import type { ContainerSpec, PodSpec } from "./pod-spec.ts";

// What the kubelet asks for in a container that is not privileged (k8s.io/kubernetes pkg/securitycontext).
const maskedPaths = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** What the kubelet sends to RunPodSandbox. */
export function sandboxConfig(
  spec: PodSpec,
  uid: string,
  logDirectory: string,
  cgroupParent: string,
): PodSandboxConfig {
  const namespace = spec.namespace ?? "default";
  return {
    metadata: { name: spec.name, uid, namespace, attempt: 0 },
    hostname: spec.name,
    logDirectory,
    labels: {
      "io.kubernetes.pod.name": spec.name,
      "io.kubernetes.pod.namespace": namespace,
      "io.kubernetes.pod.uid": uid,
    },
    annotations: { ...spec.annotations },
    linux: {
      cgroupParent,
      securityContext: {
        namespaceOptions: namespaceOptions(spec),
        privileged: spec.privileged ?? false,
        seccomp: { profileType: "RuntimeDefault" },
      },
    },
  };
}

/** What the kubelet sends to CreateContainer. */
export function containerConfig(pod: PodSpec, uid: string, spec: ContainerSpec, mounts: Mount[]): ContainerConfig {
  const privileged = spec.privileged ?? false;
  return {
    metadata: { name: spec.name, attempt: 0 },
    image: { image: spec.image },
    command: spec.command ?? [],
    args: spec.args ?? [],
    workingDir: spec.workingDir ?? "",
    envs: (spec.env ?? []).map(({ name, value }) => ({ key: name, value: Buffer.from(value) })),
    mounts,
    labels: {
      "io.kubernetes.container.name": spec.name,
      "io.kubernetes.pod.name": pod.name,
      "io.kubernetes.pod.namespace": pod.namespace ?? "default",
      "io.kubernetes.pod.uid": uid,
    },
    annotations: {},
    logPath: join(spec.name, "0.log"),
    tty: spec.tty ?? false,
    linux: {
      ...(spec.limits && { resources: resources(spec.limits) }),
      securityContext: {
        namespaceOptions: namespaceOptions(pod),
        privileged,
        capabilities: {
          addCapabilities: spec.capabilities?.add ?? [],
          dropCapabilities: spec.capabilities?.drop ?? [],
        },
        ...(spec.runAsUser !== undefined && { runAsUser: { value: String(spec.runAsUser) } }),
        ...(spec.runAsGroup !== undefined && { runAsGroup: { value: String(spec.runAsGroup) } }),
        readonlyRootfs: spec.readOnlyRootFilesystem ?? false,
        noNewPrivs: spec.allowPrivilegeEscalation === false,
        maskedPaths: privileged ? [] : maskedPaths,
        readonlyPaths: privileged ? [] : readonlyPaths,
        seccomp: seccompOf(spec),
      },
    },
  };
}

const cpuPeriodMicroseconds = 100_000;

function resources({ milliCpu, memoryMib }: NonNullable<ContainerSpec["limits"]>): LinuxResources {
  return {
    cpuPeriod: cpuPeriodMicroseconds,
    cpuQuota: (milliCpu * cpuPeriodMicroseconds) / 1000,
    memoryLimitInBytes: memoryMib * 1024 * 1024,
  };
}

function seccompOf({ seccomp }: ContainerSpec): SecurityProfile {
  if (seccomp === undefined) return { profileType: "Unconfined" };
  return seccomp === "RuntimeDefault"
    ? { profileType: "RuntimeDefault" }
    : { profileType: "Localhost", localhostRef: seccomp.localhost };
}

function namespaceOptions(spec: PodSpec): NamespaceOption {
  const pid = spec.hostPid === true ? "NODE" : spec.shareProcessNamespace === true ? "POD" : "CONTAINER";
  return { network: "POD", pid, ipc: "POD" };
}
