/** Keeps the event loop from going to sleep while the peer's next message is on its way. */

/** Each turn of the loop leaves half a kilobyte to the garbage collector, so turns are not made as fast as they could be. */
const TURN_MS = 0.01;

/** What the runtime takes longer for a longer answer: Go decodes a seccomp filter of 8 KB in some 0.1 ms. */
const MS_PER_BYTE = 0.00002;

/**
 * After an answer the runtime often has its next question within a tenth of a millisecond: the validation of an adjustment
 * follows the CreateContainer that it belongs to. A process that went to sleep meanwhile has to be woken, on a processor
 * that has gone to sleep too, with cold caches; that can take longer than the answer itself. The kernel does the same for
 * sockets of the network: https://docs.kernel.org/networking/napi.html#busy-polling
 */
export class BusyPoll {
  readonly #durationMs: number;
  readonly #turn = (): void => this.#turnOrRest();
  #untilMs = 0;
  #isTurning = false;

  /** 0: never. */
  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  /** An answer of so many bytes has left: stays awake from now on. */
  answered(bytes: number): void {
    if (this.#durationMs === 0) return;
    this.#untilMs = performance.now() + this.#durationMs + bytes * MS_PER_BYTE;
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(this.#turn);
  }

  /** Sleeps again from the next turn on. */
  stop(): void {
    this.#untilMs = 0;
  }

  #turnOrRest(): void {
    const nowMs = performance.now();
    this.#isTurning = nowMs < this.#untilMs;
    if (!this.#isTurning) return;
    // With an immediate waiting, the loop looks at the socket and does not wait there.
    setImmediate(this.#turn);
    while (performance.now() < nowMs + TURN_MS);
  }
}
