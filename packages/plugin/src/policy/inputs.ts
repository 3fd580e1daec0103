import type { LinuxSeccomp, Spans } from "@kubefence/nri";
import type { RefusalCode } from "../errors.ts";

/**
 * What a decision reads, and nothing else: the SDK's lazy views fit these shapes, and what is not named here is not decoded.
 */
export interface PodInput {
  /** Id of the pod sandbox. */
  readonly id: string;
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly runtimeHandler: string;
  readonly annotations: ReadonlyMap<string, string>;
  /** One of them, where the others are not needed. */
  annotation(key: string): string | undefined;
}

export interface ContainerInput {
  readonly id: string;
  readonly args: readonly string[];
  /** `NAME=value` entries. */
  readonly env: readonly string[];
  /** Those that begin with one of the prefixes, where the others are not needed. */
  envStartingWith(...prefixes: readonly string[]): readonly string[];
  mountSpans(): MountSpans;
  readonly linux?: LinuxInput | undefined;
  /** Absent where the runtime does not tell (NRI before 0.11). */
  readonly user?: UserInput | undefined;
}

export interface LinuxInput {
  readonly namespaces: readonly NamespaceInput[];
  /** The container's own seccomp filter, where the runtime shows it (containerd 2.3 and later) and there is one. */
  readonly seccompPolicy?: LinuxSeccomp | undefined;
}

/** The mounts as the SDK's {@link Spans} has them: positions instead of strings. */
export type MountSpans = Pick<Spans, "bytes" | "length" | "start" | "end" | "text" | "is" | "includes">;

export interface MountInput {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface NamespaceInput {
  readonly type: string;
  /** "" for a new namespace of the container's own. */
  readonly path: string;
}

export interface UserInput {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** Who answers for the connection, as learnt at Configure. */
export interface RuntimeState {
  readonly name: string;
  readonly version: string;
  /** True if a seccomp rule may have an errno; NRI below 0.12 crashes on one. */
  readonly takesSeccompErrno: boolean;
  /** Why containers of our classes are refused under this runtime, or undefined. */
  readonly refusal: Refusal | undefined;
}

/** The last result of checking the launcher, off the create path. */
export type LauncherState =
  | { readonly kind: "ready"; readonly abi: number; readonly barriers: readonly Barrier[] }
  | { readonly kind: "failed"; readonly refusal: Refusal };

/** A file of the launcher's directory that not everybody can use. */
export interface Barrier {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
  /** Bits of one class (4 read, 1 search or execute) that a container's user needs. */
  readonly needed: number;
}

/** What an installed profile asks of the plugin. */
export interface InstalledProfile {
  readonly volumes: "none" | "read" | "readwrite";
  readonly configVolumes: boolean;
  readonly projectedVolumes: boolean;
  /** Clean absolute paths among the exceptions: neither glob nor variable. */
  readonly literalExceptions: readonly string[];
  /** True if the manifest has TCP rules, which need Landlock ABI 4. */
  readonly restrictsTcp: boolean;
  /** Why the manifest cannot be used, or undefined. */
  readonly broken: string | undefined;
  /** Set where the manifest's file is closed to some users. */
  readonly barrier: Barrier | undefined;
}

/** A refusal's code and text; `action` where the code's own is not good enough. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly what: string;
  readonly action?: string;
}
