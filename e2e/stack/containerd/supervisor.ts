import { setTimeout as delay } from "node:timers/promises";
import type { NodeDirectories } from "../directories.ts";
import { containerdPid, launchContainerd } from "./daemon.ts";

/** Starts containerd again when it has ended, as an init system does. */
export class ContainerdSupervisor {
  readonly #directories: NodeDirectories;
  #watching: Promise<void> | undefined;
  #wanted = true;

  private constructor(directories: NodeDirectories) {
    this.#directories = directories;
  }

  /** Watches the containerd that runs, or starts one. */
  static start(directories: NodeDirectories): ContainerdSupervisor {
    const supervisor = new ContainerdSupervisor(directories);
    supervisor.#watching = supervisor.#watch();
    return supervisor;
  }

  /** Leaves containerd as it is. */
  async stop(): Promise<void> {
    this.#wanted = false;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (this.#wanted) {
      if (containerdPid(this.#directories) === undefined) launchContainerd(this.#directories);
      await delay(100);
    }
  }
}
