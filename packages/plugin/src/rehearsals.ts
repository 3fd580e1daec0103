import { type Call, type PluginHandlers, Rehearsal } from "@kubefence/nri";
import { PAUSE_MS, Silence } from "./silence.ts";

/** How often each request is gone through: in one pause of the runtime, and altogether. */
const ROUNDS_IN_PAUSE = 200;
const ROUNDS = 800;
/**
 * A twentieth of a processor: the chart lets the plugin have a fifth, and V8 compiles besides. A call that comes waits for
 * a turn and the round that it ends with.
 */
const TURN_MS = 0.5;
const REST_MS = 10;
/** A larger request is not kept. Usual ones have 4 to 20 KB. */
const MAXIMUM_BYTES = 64 * 1024;

/** Creates that take different ways through the plugin. */
type Way = "sandboxed" | "skipped";

/**
 * Goes through creates again in the pauses of a burst, so that V8 makes its fast code then and not in the middle of the
 * answers that follow. A node that has seen a few containers never comes to it.
 */
export class Rehearsals {
  readonly #handlers: PluginHandlers;
  readonly #silence = new Silence(PAUSE_MS, 0, () => this.#begin());
  readonly #requests = new Map<Way, Rehearsal>();
  #roundsLeft = ROUNDS;
  #roundsLeftInPause = 0;

  /** `handlers` answer for nobody: they must change nothing. */
  constructor(handlers: PluginHandlers) {
    this.#handlers = handlers;
  }

  /** The runtime called, and has the plugin to itself until the next pause. */
  called(nowMs: number): void {
    this.#roundsLeftInPause = 0;
    if (this.#roundsLeft > 0) this.#silence.broken(nowMs);
  }

  /** A create is being answered. The first of each way is kept once the answer has left. */
  answered(way: Way, call: Call): void {
    if (this.#roundsLeft === 0 || this.#requests.has(way) || call.payload.length > MAXIMUM_BYTES) return;
    call.afterReply(() => this.#requests.set(way, new Rehearsal(call, this.#handlers)));
  }

  #begin(): void {
    if (this.#requests.size === 0) return;
    this.#roundsLeftInPause = Math.min(ROUNDS_IN_PAUSE, this.#roundsLeft);
    this.#turn();
  }

  #turn(): void {
    const untilMs = performance.now() + TURN_MS;
    while (this.#roundsLeftInPause > 0 && performance.now() < untilMs) {
      for (const request of this.#requests.values()) request.run();
      this.#roundsLeftInPause--;
      this.#roundsLeft--;
    }
    if (this.#roundsLeftInPause > 0) setTimeout(() => this.#turn(), REST_MS).unref();
    else if (this.#roundsLeft === 0) this.#requests.clear();
  }
}
