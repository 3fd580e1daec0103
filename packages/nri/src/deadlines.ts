import type { HandlerCall } from "./handler-call.ts";

/** The calls whose handlers did not answer at once, and one timer for the earliest of their deadlines. */
export class Deadlines {
  readonly #calls = new Set<HandlerCall>();
  #timer: NodeJS.Timeout | undefined;
  #timerMs = Infinity;

  add(call: HandlerCall): void {
    this.#calls.add(call);
    if (call.deadlineMs < this.#timerMs) this.#arm(call.deadlineMs);
  }

  /** The timer is left alone: finding nothing due is cheaper than setting it anew for every call. */
  delete(call: HandlerCall): void {
    this.#calls.delete(call);
  }

  /** Nobody waits for the answers any more. */
  abandon(): void {
    clearTimeout(this.#timer);
    for (const call of this.#calls) call.abandon();
  }

  #arm(deadlineMs: number): void {
    clearTimeout(this.#timer);
    this.#timerMs = deadlineMs;
    this.#timer = setTimeout(() => this.#due(), Math.max(0, deadlineMs - performance.now()));
  }

  #due(): void {
    this.#timerMs = Infinity;
    const now = performance.now();
    let earliest = Infinity;
    for (const call of this.#calls) {
      if (call.deadlineMs <= now) call.expire();
      else earliest = Math.min(earliest, call.deadlineMs);
    }
    if (earliest < Infinity) this.#arm(earliest);
  }
}
