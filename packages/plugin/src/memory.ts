/** Silence of this length seldom falls into a burst of containers. */
const REST_MS = 3000;
/** Calls of the runtime whose memory is worth a collection. The start is worth one too. */
const WORTHWHILE_CALLS = 100;

/**
 * Gives memory back after the start and after a burst of containers: by itself, V8 keeps what they took. Letting V8 collect
 * earlier (--optimize-for-size) keeps as little, but in the middle of a burst, where it holds up answers.
 */
export class RestingMemory {
  readonly #collect: (isAfterStart: boolean) => void;
  #isAfterStart = true;
  #calls = WORTHWHILE_CALLS;
  #lastMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(collect: (isAfterStart: boolean) => void = collectEverything) {
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
    this.#collect(this.#isAfterStart);
    this.#isAfterStart = false;
  }
}

/** Set for one collection: V8's defaults follow, which hold for the others. */
const THOROUGH = ["--bytecode-old-age=1", "--flush-baseline-code", "--compact-on-every-full-gc"];
const USUAL = ["--bytecode-old-age=6", "--no-flush-baseline-code", "--no-compact-on-every-full-gc"];

/**
 * Everything that can be freed is, and goes back to the kernel: some ten milliseconds. What only the start needed is most
 * of the code that ran by then, and V8 would keep it until six collections have not seen it run; later, code is kept, for
 * the next container.
 */
export function collectEverything(isAfterStart: boolean): void {
  // Loaded here, where nobody waits. With the flag on the command line Node would not use its code cache.
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  const { runInNewContext } = process.getBuiltinModule("node:vm");
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof gc !== "function") return;
  if (isAfterStart) THOROUGH.forEach(setFlagsFromString);
  gc({ type: "major", flavor: "last-resort" });
  if (isAfterStart) USUAL.forEach(setFlagsFromString);
}
