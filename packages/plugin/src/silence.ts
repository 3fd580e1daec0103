/** In a burst the runtime's calls follow each other faster than this; what takes a millisecond can wait for a pause. */
export const PAUSE_MS = 15;
/** So many calls of the runtime are worth what is done in a silence. */
export const WORTHWHILE_CALLS = 100;

/** Waits for a silence of some length after enough calls. `calls` is where it begins to count. */
export class Silence {
  readonly #lengthMs: number;
  readonly #onSilence: () => void;
  #calls: number;
  #lastMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(lengthMs: number, calls: number, onSilence: () => void) {
    this.#lengthMs = lengthMs;
    this.#calls = calls;
    this.#onSilence = onSilence;
  }

  /** By one call. */
  broken(nowMs: number): void {
    this.#calls += 1;
    this.#lastMs = nowMs;
    if (this.#calls >= WORTHWHILE_CALLS) this.#timer ??= this.#wait(this.#lengthMs);
  }

  #wait(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), ms).unref();
  }

  #look(): void {
    const leftMs = this.#lastMs + this.#lengthMs - performance.now();
    this.#timer = leftMs > 0 ? this.#wait(leftMs) : undefined;
    if (this.#timer !== undefined) return;
    this.#calls = 0;
    this.#onSilence();
  }
}
