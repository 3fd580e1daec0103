import { loadConfiguration } from "./config/load.ts";
import { reloadedConfiguration } from "./config/reload.ts";
import { explain, KubefenceError, messageOf } from "./errors.ts";
import type { Daemon } from "./handlers/daemon.ts";
import type { NodeWatch } from "./node-watch.ts";

/** SIGHUP: the file is read again. One that cannot be used changes nothing. */
export class Reload {
  readonly #path: string;
  readonly #daemon: Daemon;
  readonly #watch: NodeWatch;
  #running = false;
  #again = false;

  constructor(path: string, daemon: Daemon, watch: NodeWatch) {
    this.#path = path;
    this.#daemon = daemon;
    this.#watch = watch;
  }

  /** Reads the file once the reload that may be going on has ended. Never throws. */
  request(): void {
    this.#again = true;
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#again) {
      this.#again = false;
      await this.#reload();
    }
    this.#running = false;
  }

  async #reload(): Promise<void> {
    const { log, metrics, node } = this.#daemon;
    try {
      const { configuration, changed, needRestart } = reloadedConfiguration(
        node.configuration,
        loadConfiguration(this.#path),
      );
      await this.#watch.adopt(configuration);
      metrics.reloaded(true);
      log.info("configuration reloaded", { config: this.#path, changed });
      if (needRestart.length > 0) log.warn("configuration needs a restart", { config: this.#path, keys: needRestart });
    } catch (error) {
      metrics.reloaded(false);
      const text =
        error instanceof KubefenceError ? explain(error.code, error.message, error.action) : messageOf(error);
      log.error("configuration not reloaded", { config: this.#path, error: text });
    }
  }
}
