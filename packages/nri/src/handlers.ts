/** What a plugin author implements. */
import type { Version } from "./runtime-version.ts";
import type { ContainerAdjustmentInit, ContainerUpdateInit } from "./schema/generated/nri/adjustment.ts";
import type { Container, PodSandbox } from "./schema/generated/nri/container.ts";
import type { LinuxResources } from "./schema/generated/nri/resources.ts";
import type { ConfigureRequest, ValidateContainerAdjustmentRequest } from "./schema/generated/nri/service.ts";

/** The request a handler works on. */
export interface Call {
  /** As NRI names it: `CreateContainer`. */
  readonly method: string;
  /** The request's bytes as they came, in memory of their own. */
  readonly payload: Uint8Array;
  /** Of the runtime, once it has configured the plugin. */
  readonly nriVersion: Version | undefined;
  /**
   * Runs `task` soon after the answer's bytes have been handed to the socket, error answers of the handler included.
   * Never when the answer came too late or the connection was gone. What it throws is an "error" event.
   */
  afterReply(task: () => void): void;
  /** When the SDK answers with an error instead, on the clock of performance.now(). Before the runtime's own time-out. */
  readonly deadlineMs: number;
  /** Aborted when the deadline has passed or the connection is gone. */
  readonly signal: AbortSignal;
}

export interface CreateContainerResult {
  readonly adjust?: ContainerAdjustmentInit | undefined;
  /** Changes of other containers' resources. */
  readonly update?: readonly ContainerUpdateInit[] | undefined;
}

export interface ValidationResult {
  readonly reject: boolean;
  /** Shown to the user of the pod. */
  readonly reason?: string | undefined;
}

type MaybePromise<T> = T | Promise<T>;
type Updates = MaybePromise<readonly ContainerUpdateInit[] | undefined | void>;
type Done = MaybePromise<void>;

/**
 * The event mask is derived from what is implemented. A handler that throws fails the operation: an NriError with its
 * status and message, anything else with status 2 (UNKNOWN) and its message. Views stay valid after the handler, and
 * keep the bytes of the whole request alive.
 */
export interface PluginHandlers {
  /** What the runtime says of itself. An error makes it drop the connection. */
  configure?(request: ConfigureRequest, call: Call): Done;
  /** All pods and containers there are, once for every connection, after the last chunk. */
  synchronize?(pods: readonly PodSandbox[], containers: readonly Container[], call: Call): Updates;
  /** The runtime says good-bye. No released runtime does; a closed connection is the usual sign. */
  shutdown?(): void;

  runPodSandbox?(pod: PodSandbox, call: Call): Done;
  updatePodSandbox?(
    pod: PodSandbox,
    overhead: LinuxResources | undefined,
    resources: LinuxResources | undefined,
    call: Call,
  ): Done;
  postUpdatePodSandbox?(pod: PodSandbox, call: Call): Done;
  stopPodSandbox?(pod: PodSandbox, call: Call): Done;
  removePodSandbox?(pod: PodSandbox, call: Call): Done;

  createContainer?(
    pod: PodSandbox,
    container: Container,
    call: Call,
  ): MaybePromise<CreateContainerResult | undefined | void>;
  postCreateContainer?(pod: PodSandbox, container: Container, call: Call): Done;
  startContainer?(pod: PodSandbox, container: Container, call: Call): Done;
  postStartContainer?(pod: PodSandbox, container: Container, call: Call): Done;
  updateContainer?(pod: PodSandbox, container: Container, resources: LinuxResources | undefined, call: Call): Updates;
  postUpdateContainer?(pod: PodSandbox, container: Container, call: Call): Done;
  stopContainer?(pod: PodSandbox, container: Container, call: Call): Updates;
  removeContainer?(pod: PodSandbox, container: Container, call: Call): Done;

  /** Judges what all plugins together are about to do to a container. */
  validateContainerAdjustment?(
    request: ValidateContainerAdjustmentRequest,
    call: Call,
  ): MaybePromise<ValidationResult | undefined | void>;
}
