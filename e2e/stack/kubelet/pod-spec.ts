/** A pod as Kubernetes describes it, reduced to what the end-to-end tests vary. Names are those of the Kubernetes API. */
export interface PodSpec {
  name: string;
  namespace?: string;
  annotations?: Record<string, string>;
  /** The handler that the RuntimeClass names; empty for a pod without one. */
  runtimeHandler?: string;
  hostPid?: boolean;
  shareProcessNamespace?: boolean;
  /** A container of it will be privileged: the kubelet asks for a privileged sandbox then. */
  privileged?: boolean;
  volumes?: Volume[];
  /** True by default, as in Kubernetes: a projected volume at /var/run/secrets/kubernetes.io/serviceaccount. */
  automountServiceAccountToken?: boolean;
}

export interface ContainerSpec {
  name: string;
  image: string;
  /** Replaces the image's entrypoint. */
  command?: string[];
  args?: string[];
  workingDir?: string;
  env?: { name: string; value: string }[];
  /** Limits: thousandths of a processor, and MiB. */
  limits?: { milliCpu: number; memoryMib: number };
  volumeMounts?: VolumeMount[];
  runAsUser?: number;
  runAsGroup?: number;
  readOnlyRootFilesystem?: boolean;
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  capabilities?: { add?: string[]; drop?: string[] };
  tty?: boolean;
  /** The container's own seccomp filter: the runtime's, or a profile at a path of the node. Unconfined without one. */
  seccomp?: "RuntimeDefault" | { localhost: string };
}

export interface VolumeMount {
  /** Name of the volume. */
  name: string;
  mountPath: string;
  readOnly?: boolean;
  subPath?: string;
}

/** `files` maps file names to their content. A persistentVolumeClaim is one that a CSI driver mounted. */
export type Volume =
  | { name: string; kind: "emptyDir" | "persistentVolumeClaim" }
  | { name: string; kind: "configMap" | "secret" | "downwardAPI" | "projected"; files: Record<string, string> }
  | { name: string; kind: "hostPath"; path: string };
