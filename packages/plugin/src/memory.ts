import { PAUSE_MS, Silence, WORTHWHILE_CALLS } from "./silence.ts";
import { setFlags } from "./v8-flags.ts";

/** Silence of this length seldom falls into a burst of containers. */
const REST_MS = 3000;

/** What can be collected; the methods return when it is done. */
export interface Collector {
  young(): void;
  everything(isAfterStart: boolean): void;
}

/**
 * Collects while the runtime is silent: by itself, V8 collects young objects when their space is full, in the middle of an
 * answer, and keeps the memory that the start and a burst took. Letting V8 collect earlier (--optimize-for-size) keeps as
 * little, but in the middle of a burst, where it holds up answers.
 */
export class RestingMemory {
  readonly #pause: Silence;
  readonly #rest: Silence;
  #isAfterStart = true;

  constructor(collector: Collector = new V8Collector()) {
    // A collection of young objects takes 0.2 ms.
    this.#pause = new Silence(PAUSE_MS, 0, () => collector.young());
    // The start is worth a collection too.
    this.#rest = new Silence(REST_MS, WORTHWHILE_CALLS, () => {
      collector.everything(this.#isAfterStart);
      this.#isAfterStart = false;
    });
  }

  /** The runtime was answered, at this time of performance.now(). */
  called(nowMs: number): void {
    this.#pause.broken(nowMs);
    this.#rest.broken(nowMs);
  }
}

/** Set for one collection: V8's defaults follow, which hold for the others. */
const THOROUGH = ["--bytecode-old-age=1", "--flush-baseline-code", "--compact-on-every-full-gc"];
const USUAL = ["--bytecode-old-age=6", "--no-flush-baseline-code", "--no-compact-on-every-full-gc"];

type Collect = (options: { type: "major" | "minor"; flavor?: "last-resort" }) => void;

export class V8Collector implements Collector {
  /** Kept from the first burst on: it holds 160 KB and takes a millisecond to get. */
  #collect: Collect | undefined;

  young(): void {
    this.#collect ??= findCollect();
    this.#collect({ type: "minor" });
  }

  /**
   * Everything that can be freed is, and goes back to the kernel: some ten milliseconds. What only the start needed is most
   * of the code that ran by then, and V8 would keep it until six collections have not seen it run; later, code is kept, for
   * the next container.
   */
  everything(isAfterStart: boolean): void {
    const collect = this.#collect ?? findCollect();
    if (isAfterStart) setFlags(THOROUGH);
    // Two move what lives out of the young generation, which then needs no page: 0.1 MiB.
    collect({ type: "minor" });
    collect({ type: "minor" });
    collect({ type: "major", flavor: "last-resort" });
    if (isAfterStart) setFlags(USUAL);
  }
}

/** Where nobody waits. With the flag on the command line Node would not use its code cache. */
function findCollect(): Collect {
  const { runInNewContext } = process.getBuiltinModule("node:vm");
  setFlags(["--expose-gc"]);
  const gc: unknown = runInNewContext("gc");
  setFlags(["--no-expose-gc"]);
  return isCollect(gc) ? gc : () => undefined;
}

function isCollect(value: unknown): value is Collect {
  return typeof value === "function";
}
