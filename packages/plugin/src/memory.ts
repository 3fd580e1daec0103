import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Silence of this length seldom falls into a burst of containers. */
const REST_MS = 3000;
/** Calls of the runtime whose memory is worth a collection. The start is worth one too. */
const WORTHWHILE_CALLS = 100;

/**
 * Gives memory back after the start and after a burst of containers: by itself, V8 keeps what they took. Letting V8 collect
 * earlier (--optimize-for-size) keeps as little, but in the middle of a burst, where it holds up answers.
 */
export class RestingMemory {
  readonly #collect: () => void;
  #calls = WORTHWHILE_CALLS;
  #lastMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(collect: () => void = collectEverything) {
    this.#collect = collect;
  }

  /** The runtime was answered. */
  called(): void {
    this.#calls += 1;
    this.#lastMs = performance.now();
    if (this.#calls >= WORTHWHILE_CALLS) this.#timer ??= setTimeout(() => this.#rest(), REST_MS).unref();
  }

  #rest(): void {
    const leftMs = this.#lastMs + REST_MS - performance.now();
    this.#timer = leftMs > 0 ? setTimeout(() => this.#rest(), leftMs).unref() : undefined;
    if (this.#timer !== undefined) return;
    this.#calls = 0;
    this.#collect();
  }
}

/** Everything that can be freed is, and goes back to the kernel: some ten milliseconds. */
export function collectEverything(): void {
  // With the flag on the command line Node would not use its code cache.
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof gc === "function") gc({ type: "major", flavor: "last-resort" });
}
