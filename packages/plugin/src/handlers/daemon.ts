import type { ExpectedAdjustment } from "../adjust/verify.ts";
import type { Configuration } from "../config/configuration.ts";
import type { Log } from "../observe/log.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { NodeState } from "../policy/decide.ts";
import type { LauncherState, Refusal, RuntimeState } from "../policy/inputs.ts";
import type { InstalledProfiles } from "../policy/profile.ts";
import type { StateStore } from "../state/store.ts";

/** What the handlers work with. The watchers replace `node`'s members; handlers only read them. */
export interface Daemon {
  readonly node: MutableNodeState;
  /** Parent directory of nono_bin_path. */
  readonly launcherDirectory: string;
  /** `10-nono-nri`, as NRI names owners. */
  readonly pluginName: string;
  readonly expectations: Expectations;
  readonly state: StateStore;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface MutableNodeState extends NodeState {
  readonly configuration: Configuration;
  runtime: RuntimeState;
  launcher: LauncherState;
  profiles: InstalledProfiles;
  filterProblem: Refusal | undefined;
}

/** A call of the runtime, as far as handlers need it. */
export interface Answering {
  /** Runs `task` once the answer has left. */
  afterReply(task: () => void): void;
}

/** The runtime validates a container right after it has asked all plugins; more than a few are never open at once. */
const MAXIMUM_EXPECTATIONS = 16;

/** What we answered for containers whose validation is still to come, by container id. */
export class Expectations {
  readonly #byContainer = new Map<string, ExpectedAdjustment>();

  /** Remembers an answer. Containers that never came to validation are forgotten, the oldest first. */
  add(containerId: string, expected: ExpectedAdjustment): void {
    if (this.#byContainer.size >= MAXIMUM_EXPECTATIONS) {
      const [oldest] = this.#byContainer.keys();
      if (oldest !== undefined) this.#byContainer.delete(oldest);
    }
    this.#byContainer.set(containerId, expected);
  }

  get(containerId: string): ExpectedAdjustment | undefined {
    return this.#byContainer.get(containerId);
  }

  delete(containerId: string): void {
    this.#byContainer.delete(containerId);
  }

  clear(): void {
    this.#byContainer.clear();
  }

  get size(): number {
    return this.#byContainer.size;
  }
}
