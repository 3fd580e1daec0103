import { messageOf } from "../errors.ts";
import { StateFiles } from "./files.ts";
import { formatRecord, type SandboxRecord } from "./record.ts";

/** Told of what failed; the record is an inventory, so a failure is a warning and never stops a container. */
export interface StateListener {
  failed(operation: "write" | "remove", containerId: string, error: string): void;
}

/** What shall become of a container's record. */
type Wish =
  | { readonly kind: "write"; readonly podUid: string; readonly record: SandboxRecord; readonly atMs: number }
  | { readonly kind: "remove"; readonly podUid: string };

/** Records are written when no container came for this long: a storm of creations is answered first. */
const QUIET_MS = 5;
/** But no record waits longer than this. */
const LONGEST_WAIT_MS = 100;

/** Operations at once. One after the other, each with several trips to the disk, would fall behind the creates. */
const CONCURRENCY = 8;

/**
 * Keeps the records of sandboxed containers, all of it after the answer to the runtime has left. For each container
 * only the last wish counts, and wishes of one container never overlap.
 */
export class StateStore {
  readonly #files: StateFiles;
  readonly #listener: StateListener;
  readonly #wishes = new Map<string, Wish>();
  readonly #busy = new Set<string>();
  /** Containers whose records the next sweep leaves, or undefined if none is asked for. */
  #alive: Set<string> | undefined;
  #isSweeping = false;
  #waitingSinceMs: number | undefined;
  #lastWishMs = 0;
  #whenIdle: (() => void)[] = [];

  constructor(base: string, listener: StateListener) {
    this.#files = new StateFiles(base);
    this.#listener = listener;
  }

  write(record: SandboxRecord): void {
    // Not in the runtime's list because it is younger than the list.
    const { containerId, podUid } = record;
    this.#alive?.add(containerId);
    this.#wish(containerId, { kind: "write", podUid, record, atMs: Date.now() });
  }

  /** Removes a container's record if there is one. `podUid` may be "": then every pod's directory is looked into. */
  remove(podUid: string, containerId: string): void {
    this.#wish(containerId, { kind: "remove", podUid });
  }

  /** Removes the records of containers that are not in `alive`, when everything asked for so far is done. */
  sweep(alive: ReadonlySet<string>): void {
    this.#alive = new Set(alive);
    this.#work();
  }

  /** Resolves when everything asked for is done. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#work();
    });
  }

  #wish(containerId: string, wish: Wish): void {
    this.#wishes.set(containerId, wish);
    this.#lastWishMs = performance.now();
    if (this.#waitingSinceMs !== undefined) return;
    this.#waitingSinceMs = this.#lastWishMs;
    setTimeout(() => this.#workWhenQuiet(), QUIET_MS);
  }

  #workWhenQuiet(): void {
    const nowMs = performance.now();
    const isQuiet = nowMs - this.#lastWishMs >= QUIET_MS;
    if (isQuiet || nowMs - (this.#waitingSinceMs ?? 0) >= LONGEST_WAIT_MS) {
      this.#waitingSinceMs = undefined;
      this.#work();
    } else {
      setTimeout(() => this.#workWhenQuiet(), QUIET_MS);
    }
  }

  #work(): void {
    if (this.#isSweeping) return;
    for (const [containerId, wish] of this.#wishes) {
      if (this.#busy.size >= CONCURRENCY) return;
      if (this.#busy.has(containerId)) continue;
      this.#wishes.delete(containerId);
      this.#busy.add(containerId);
      void this.#fulfil(containerId, wish);
    }
    if (this.#busy.size > 0) return;
    if (this.#alive !== undefined) {
      void this.#sweep(this.#alive);
      return;
    }
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  async #fulfil(containerId: string, wish: Wish): Promise<void> {
    try {
      await (wish.kind === "write"
        ? this.#files.write(wish.podUid, containerId, formatRecord(wish.record, wish.atMs))
        : this.#files.remove(wish.podUid, containerId));
    } catch (error) {
      this.#listener.failed(wish.kind, containerId, messageOf(error));
    }
    this.#busy.delete(containerId);
    this.#work();
  }

  async #sweep(alive: ReadonlySet<string>): Promise<void> {
    this.#isSweeping = true;
    try {
      await this.#files.sweep(alive);
    } catch (error) {
      this.#listener.failed("remove", "", messageOf(error));
    }
    this.#isSweeping = false;
    if (this.#alive === alive) this.#alive = undefined;
    this.#work();
  }
}
