import { messageOf } from "../errors.ts";
import type { Readiness } from "./health.ts";
import type { Log } from "./log.ts";
import type { NodeApi } from "./node-api.ts";
import { hasHandler, nodePatch } from "./node-patch.ts";
import type { SelfTestNote } from "./self-test-note.ts";

export { openNodeApi } from "./node-api.ts";
export { readSelfTestNote } from "./self-test-note.ts";

/** How often the plugin's own state is looked at; the API server is asked only when it has changed, or seldom. */
const POLL_MS = 2000;
/** Somebody else may have changed the labels. */
const REFRESH_MS = 5 * 60_000;
/** After a change of ours the kubelet may still say what was before: it writes the node's status every ten seconds. */
const SETTLE_MS = 15_000;
const RETRY_LIMIT_MS = 60_000;
/** At an update the old plugin is ready when the new one starts: the node keeps what it says until the new one had its chance. */
const START_GRACE_MS = 30_000;

export interface NodeReadinessSources {
  readonly api: NodeApi;
  readonly log: Log;
  readonly readiness: () => Readiness;
  /** False for an instance in whose place another one answers: that one speaks for the node. */
  readonly isInCharge: () => boolean;
  /** Another number after the runtime was restarted, perhaps with other handlers. */
  readonly registrations: () => number;
  /** 0 while the launcher's self-test fails. */
  readonly landlockAbi: () => number;
  /** Handlers whose pods the plugin sandboxes now: a reload may change them. */
  readonly handlers: () => readonly string[];
  /** What node set-up says; undefined where nobody waits for that. */
  readonly selfTest: (() => Promise<SelfTestNote>) | undefined;
  /** Takes node set-up's last word from the node. */
  readonly forget: () => Promise<void>;
}

/** Keeps label and taint of the plugin's own node true. Never throws: what fails is logged once and tried again. */
export class NodeReadiness {
  readonly #name: string;
  readonly #taints: boolean;
  readonly #sources: NodeReadinessSources;
  #seen = "";
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

  /**
   * Leaves the node as it is: with surge the next plugin is ready already, and a node whose plugin is gone refuses by itself. But where
   * node set-up was taken back there is no next one, and nobody else would take off the labels and the taint.
   */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const { selfTest, forget, isInCharge } = this.#sources;
    if (!isInCharge() || (await selfTest?.()) !== "removed") return;
    await this.check();
    if (this.#failures === 0) await forget();
  }

  /** One look, and what follows from it. */
  async check(): Promise<void> {
    const { log, isInCharge } = this.#sources;
    if (this.#running || !isInCharge() || (this.#failures > 0 && Date.now() < this.#nextAt)) return;
    this.#running = true;
    try {
      await this.#look();
      this.#failures = 0;
    } catch (error) {
      if (this.#failures === 0) log.warn("node not updated", { node: this.#name, error: messageOf(error) });
      this.#failures++;
      this.#nextAt = Date.now() + Math.min(POLL_MS * 2 ** this.#failures, RETRY_LIMIT_MS);
    } finally {
      this.#running = false;
    }
  }

  async #look(): Promise<void> {
    const { readiness, registrations, landlockAbi, handlers, selfTest } = this.#sources;
    const note = await selfTest?.();
    const own = { ...readiness(), ...(note !== undefined && { "self-test": note === "proven" }) };
    const isLeft = note === "removed";
    const isYoung = this.#seen === "" && Date.now() - this.#startedAt < START_GRACE_MS;
    if (isYoung && !isLeft && missingOf(own).length > 0) return;
    const seen = JSON.stringify([own, isLeft, landlockAbi(), registrations(), handlers()]);
    const isNew = seen !== this.#seen;
    if (!isNew && Date.now() < this.#nextAt) return;
    const isSettled = await this.#apply(own, isLeft);
    this.#seen = seen;
    this.#nextAt = Date.now() + (isNew || !isSettled ? SETTLE_MS : REFRESH_MS);
  }

  /** Resolves to false where the node's status may be about to change. */
  async #apply(own: Readiness, isLeft: boolean): Promise<boolean> {
    const { api, log, handlers, landlockAbi } = this.#sources;
    const node = await api.read(this.#name);
    const conditions = { ...own, handler: hasHandler(node, handlers()) };
    const isReady = missingOf(conditions).length === 0;
    const state = { isReady, isLeft, landlockAbi: isReady ? landlockAbi() : 0 };
    const patch = nodePatch(node, state, this.#taints);
    if (patch !== undefined) await api.patch(this.#name, patch);
    const wanted = JSON.stringify([state, missingOf(conditions)]);
    if (wanted !== this.#applied) {
      if (isReady) log.info("node ready", { node: this.#name, landlock_abi: state.landlockAbi });
      else log.warn("node not ready", { node: this.#name, missing: missingOf(conditions) });
    }
    this.#applied = wanted;
    return conditions.handler;
  }
}

function missingOf(conditions: Readiness): string[] {
  return Object.entries(conditions)
    .filter(([, holds]) => !holds)
    .map(([name]) => name);
}
