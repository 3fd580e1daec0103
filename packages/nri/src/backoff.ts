export interface BackoffLimits {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/** How long to wait before each attempt: the first at once, then doubling, with jitter so that nodes do not move as one. */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #attempts = 0;

  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Milliseconds: 0 the first time, then between half and all of min, 2 min, 4 min ... max. */
  next(): number {
    const { minDelayMs, maxDelayMs } = this.#limits;
    const attempt = this.#attempts;
    this.#attempts += 1;
    if (attempt === 0) return 0;
    const delayMs = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(attempt - 1, 30));
    return delayMs * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
