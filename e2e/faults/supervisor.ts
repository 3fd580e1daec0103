import { setTimeout as delay } from "node:timers/promises";
import type { NodeDirectories } from "../stack/directories.ts";
import { PluginProcess } from "../stack/plugin/process.ts";

/** Starts the plugin again when it has ended, as the kubelet does with a container of a DaemonSet. */
export class PluginSupervisor {
  readonly #directories: NodeDirectories;
  #plugin: PluginProcess | undefined;
  #watching: Promise<void> | undefined;
  #wanted = false;

  constructor(directories: NodeDirectories) {
    this.#directories = directories;
  }

  /** Starts the plugin and keeps it running. */
  async start(): Promise<void> {
    this.#wanted = true;
    this.#plugin = await PluginProcess.startInstalled(this.#directories);
    this.#watching = this.#watch();
  }

  /** Pid of the plugin; undefined while it is down. */
  get pid(): number | undefined {
    return this.#plugin?.pid;
  }

  /** Sends the running plugin a signal. */
  signal(signal: NodeJS.Signals): void {
    const pid = this.pid;
    if (pid !== undefined) process.kill(pid, signal);
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    await this.#watching;
    await this.#plugin?.stop();
    this.#plugin = undefined;
  }

  async #watch(): Promise<void> {
    while (this.#wanted) {
      await delay(100);
      if (this.#wanted && this.pid === undefined) {
        await delay(500);
        await this.#plugin?.launch();
      }
    }
  }
}
