import { type Call, type PluginHandlers, Rehearsal } from "@kubefence/nri";
import { PAUSE_MS, Silence } from "./silence.ts";

/** How often each request is gone through in one pause of the runtime, and in how many pauses: 0.3 s together. */
const ROUNDS = 400;
const PAUSES = 4;
/** A call that comes meanwhile waits for so long and for one round: 0.2 ms more, at first 2 ms. */
const TURN_MS = 0.5;
/** A larger request is not kept. Usual ones have 4 to 20 KB. */
const MAXIMUM_BYTES = 64 * 1024;

/** Creates that take different ways through the plugin. */
type Way = "sandboxed" | "skipped";

/**
 * Goes through creates again in the first pauses of a burst, so that V8 makes its fast code then and not in the middle of
 * the answers that follow. A node that has seen a few containers never comes to it.
 */
export class Rehearsals {
  readonly #handlers: PluginHandlers;
  readonly #silence = new Silence(PAUSE_MS, 0, () => this.#begin());
  readonly #requests = new Map<Way, Rehearsal>();
  #pausesLeft = PAUSES;
  #roundsLeft = 0;

  /** `handlers` answer for nobody: they must change nothing. */
  constructor(handlers: PluginHandlers) {
    this.#handlers = handlers;
  }

  /** The runtime called, and has the plugin to itself until the next pause. */
  called(nowMs: number): void {
    this.#roundsLeft = 0;
    if (this.#pausesLeft > 0) this.#silence.broken(nowMs);
  }

  /** A create was answered. The first of each way is kept. */
  answered(way: Way, call: Call): void {
    if (this.#pausesLeft === 0 || this.#requests.has(way) || call.payload.length > MAXIMUM_BYTES) return;
    this.#requests.set(way, new Rehearsal(call, this.#handlers));
  }

  #begin(): void {
    this.#pausesLeft--;
    this.#roundsLeft = ROUNDS;
    this.#turn();
  }

  #turn(): void {
    const untilMs = performance.now() + TURN_MS;
    while (this.#roundsLeft > 0 && performance.now() < untilMs) {
      for (const request of this.#requests.values()) request.run();
      this.#roundsLeft--;
    }
    if (this.#roundsLeft > 0) setImmediate(() => this.#turn());
    else if (this.#pausesLeft === 0) this.#requests.clear();
  }
}
