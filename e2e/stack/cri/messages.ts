// The part of the CRI's messages that the stand-in kubelet sends and reads, as @grpc/proto-loader maps them:
// camelCase names, 64-bit integers as strings, enums by name.

export type NamespaceMode = "POD" | "CONTAINER" | "NODE" | "TARGET";

export interface NamespaceOption {
  network: NamespaceMode;
  pid: NamespaceMode;
  ipc: NamespaceMode;
}

export interface PodSandboxConfig {
  metadata: { name: string; uid: string; namespace: string; attempt: number };
  hostname: string;
  logDirectory: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  linux: {
    cgroupParent: string;
    securityContext: { namespaceOptions: NamespaceOption; privileged: boolean; seccomp: SecurityProfile };
  };
}

export interface SecurityProfile {
  profileType: "RuntimeDefault" | "Unconfined" | "Localhost";
  localhostRef?: string;
}

export interface Mount {
  containerPath: string;
  hostPath: string;
  readonly: boolean;
}

export interface LinuxResources {
  cpuPeriod: number;
  cpuQuota: number;
  memoryLimitInBytes: number;
}

export interface ContainerConfig {
  metadata: { name: string; attempt: number };
  image: { image: string };
  command: string[];
  args: string[];
  workingDir: string;
  /** Values are bytes, which allows what is not UTF-8. */
  envs: { key: string; value: Uint8Array }[];
  mounts: Mount[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  logPath: string;
  tty: boolean;
  linux: {
    resources?: LinuxResources;
    securityContext: {
      namespaceOptions: NamespaceOption;
      privileged: boolean;
      capabilities: { addCapabilities: string[]; dropCapabilities: string[] };
      runAsUser?: { value: string };
      runAsGroup?: { value: string };
      readonlyRootfs: boolean;
      noNewPrivs: boolean;
      maskedPaths: string[];
      readonlyPaths: string[];
      seccomp: SecurityProfile;
    };
  };
}

export interface ContainerStatus {
  id: string;
  state: "CONTAINER_CREATED" | "CONTAINER_RUNNING" | "CONTAINER_EXITED" | "CONTAINER_UNKNOWN";
  exitCode: number;
  reason: string;
  message: string;
  logPath: string;
}

export interface ExecSyncResponse {
  stdout: Uint8Array;
  stderr: Uint8Array;
  exitCode: number;
}

export interface ContainerEvent {
  containerId: string;
  containerEventType:
    | "CONTAINER_CREATED_EVENT"
    | "CONTAINER_STARTED_EVENT"
    | "CONTAINER_STOPPED_EVENT"
    | "CONTAINER_DELETED_EVENT";
}

export interface ContainerInfo {
  pid: number;
  runtimeSpec: {
    process: { args: string[]; env: string[] };
    mounts: { destination: string; type: string; source: string; options: string[] }[];
  };
}
