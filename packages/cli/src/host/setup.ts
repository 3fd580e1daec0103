/** What a runtime needs, whichever it is: what install-plan.ts puts together and install.ts carries out. */
import type { NodeProblem } from "../node/errors.ts";
import type { MainEdit } from "../node/containerd/propose.ts";
import type { Host } from "./host.ts";
import type { FoundRuntime } from "./runtime.ts";
import type { SelfTestOptions } from "./self-test.ts";
import type { Change } from "./transaction.ts";

export interface RuntimeSetup {
  readonly found: FoundRuntime;
  /** For people: name, version, main file. */
  readonly description: string;
  /** Where it serves the CRI. */
  readonly socket: string;
  /** Program of the node's own handler: a path, or a name on the runtime's PATH. */
  readonly baseProgram: string;
  /** Name of the node's own handler, with which ours is compared; empty where that is not known. */
  readonly baseHandler: string;
  /** Configuration files as they shall be, in the order in which to write them. */
  readonly changes: readonly Change[];
  /** How the main file is edited, where it is. */
  readonly main: MainEdit | undefined;
  readonly mainBefore: string | undefined;
  /** How to start a container of the handler; undefined where that is not known. */
  readonly selfTest: SelfTestOptions | undefined;
  readonly problems: readonly NodeProblem[];
  readonly notes: readonly string[];
  /** Holds what the runtime's parser makes of the files on the node against what was meant. @throws {NodeError} */
  readonly verify: (host: Host) => Promise<void>;
}

/** Problems that a read-only system, or an unsafe edit, comes with. */
export function failedSetup(setup: Omit<RuntimeSetup, "changes" | "main" | "verify">): RuntimeSetup {
  return { ...setup, changes: [], main: undefined, verify: () => Promise.resolve() };
}
