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
  configuration: Configuration;
  kata: NodeState["kata"];
  seccomp: NodeState["seccomp"];
  otherLauncher: NodeState["otherLauncher"];
  runtime: RuntimeState;
  launcher: LauncherState;
  guestLauncher: LauncherState;
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

/** What we answered for containers whose validation is still to come. */
export class Expectations {
  /** The oldest first. So few that looking through them is quicker than hashing ids. */
  #open: { readonly containerId: string; readonly expected: ExpectedAdjustment }[] = [];

  /** Remembers an answer. Containers that never came to validation are forgotten, the oldest first. */
  add(containerId: string, expected: ExpectedAdjustment): void {
    if (this.#open.length >= MAXIMUM_EXPECTATIONS) this.#open.shift();
    this.#open.push({ containerId, expected });
  }

  /** The latest answer for the container. */
  get(containerId: string): ExpectedAdjustment | undefined {
    return this.#open.findLast((entry) => entry.containerId === containerId)?.expected;
  }

  delete(containerId: string): void {
    if (this.#open.length > 0) this.#open = this.#open.filter((entry) => entry.containerId !== containerId);
  }

  clear(): void {
    this.#open = [];
  }

  get size(): number {
    return this.#open.length;
  }
}
