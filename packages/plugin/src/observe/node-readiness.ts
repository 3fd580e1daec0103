import type { Readiness } from "./health.ts";
import type { Log } from "./log.ts";
import type { NodeApi } from "./node-api.ts";
import { nodePatch } from "./node-patch.ts";

export { openNodeApi } from "./node-api.ts";

/** How often the plugin's own state is looked at; the API server is asked only when it has changed, or seldom. */
const POLL_MS = 2000;
/** Somebody else may have changed the labels. */
const REFRESH_MS = 5 * 60_000;
const RETRY_LIMIT_MS = 60_000;
/** At an update the old plugin is ready when the new one starts: the node keeps what it says until the new one had its chance. */
const START_GRACE_MS = 30_000;

export interface NodeReadinessSources {
  readonly api: NodeApi;
  readonly log: Log;
  readonly readiness: () => Readiness;
  /** 0 while the launcher's self-test fails. */
  readonly landlockAbi: () => number;
}

/** Keeps label and taint of the plugin's own node true. Never throws: what fails is logged once and tried again. */
export class NodeReadiness {
  readonly #name: string;
  readonly #taints: boolean;
  readonly #sources: NodeReadinessSources;
  #applied = "";
  #nextAt = 0;
  #failures = 0;
  #running = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #startedAt = Date.now();

  constructor(name: string, taints: boolean, sources: NodeReadinessSources) {
    this.#name = name;
    this.#taints = taints;
    this.#sources = sources;
  }

  start(): void {
    this.#timer = setInterval(() => void this.check(), POLL_MS).unref();
    void this.check();
  }

  /** Leaves the node as it is: with surge the next plugin is ready already, and a node whose plugin is gone refuses by itself. */
  close(): void {
    clearInterval(this.#timer);
  }

  /** One look, and what follows from it. */
  async check(): Promise<void> {
    const { readiness, landlockAbi, log, api } = this.#sources;
    const conditions = readiness();
    const isReady = Object.values(conditions).every(Boolean);
    const state = { isReady, landlockAbi: isReady ? landlockAbi() : 0 };
    const wanted = JSON.stringify(state);
    if (!isReady && this.#applied === "" && Date.now() - this.#startedAt < START_GRACE_MS) return;
    if (this.#running || (wanted === this.#applied && Date.now() < this.#nextAt)) return;
    if (this.#failures > 0 && Date.now() < this.#nextAt) return;
    this.#running = true;
    try {
      const patch = nodePatch(await api.read(this.#name), state, this.#taints);
      if (patch !== undefined) await api.patch(this.#name, patch);
      if (wanted !== this.#applied) {
        if (isReady) log.info("node ready", { node: this.#name, landlock_abi: state.landlockAbi });
        else log.warn("node not ready", { node: this.#name, missing: missingOf(conditions) });
      }
      this.#applied = wanted;
      this.#failures = 0;
      this.#nextAt = Date.now() + REFRESH_MS;
    } catch (error) {
      if (this.#failures === 0) log.warn("node not updated", { node: this.#name, error: String(error) });
      this.#failures++;
      this.#nextAt = Date.now() + Math.min(POLL_MS * 2 ** this.#failures, RETRY_LIMIT_MS);
    } finally {
      this.#running = false;
    }
  }
}

function missingOf(conditions: Readiness): string[] {
  return Object.entries(conditions)
    .filter(([, holds]) => !holds)
    .map(([name]) => name);
}
