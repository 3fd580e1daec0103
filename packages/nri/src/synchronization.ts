/** Puts the chunks of the first synchronization together. Lives as long as the connection. */
import { NriError } from "./errors.ts";
import type { Container, PodSandbox } from "./schema/generated/nri/container.ts";
import { SynchronizeRequest } from "./schema/generated/nri/service.ts";
import { decode } from "./schema/view.ts";

/** Several times what the fullest node reports. */
const MAX_COLLECTED_BYTES = 128 * 1024 * 1024;

/** The request of one chunk. */
export interface Chunk {
  readonly payload: Buffer;
  deadlineMs: number;
}

export interface NodeState {
  readonly pods: readonly PodSandbox[];
  readonly containers: readonly Container[];
}

export class Synchronization {
  readonly #maxBytes: number;
  #pods: PodSandbox[] = [];
  #containers: Container[] = [];
  #bytes = 0;
  #deadlineMs = Infinity;

  constructor(maxBytes: number = MAX_COLLECTED_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Everything collected once the last chunk is there, before that undefined. */
  add(call: Chunk): NodeState | undefined {
    const chunk = decode(SynchronizeRequest, call.payload);
    // The runtime's time-out is for all chunks together.
    this.#deadlineMs = Math.min(this.#deadlineMs, call.deadlineMs);
    call.deadlineMs = this.#deadlineMs;
    this.#bytes += call.payload.length;
    if (this.#bytes > this.#maxBytes) {
      this.#reset();
      throw new NriError("SYNCHRONIZE_TOO_LARGE", `more than ${this.#maxBytes} bytes of pods and containers`);
    }
    for (const pod of chunk.pods) this.#pods.push(pod);
    for (const container of chunk.containers) this.#containers.push(container);
    return chunk.more ? undefined : this.#reset();
  }

  #reset(): NodeState {
    const state = { pods: this.#pods, containers: this.#containers };
    this.#pods = [];
    this.#containers = [];
    this.#bytes = 0;
    this.#deadlineMs = Infinity;
    return state;
  }
}
