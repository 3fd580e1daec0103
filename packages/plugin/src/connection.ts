import { NriPlugin } from "@kubefence/nri";
import type { Daemon } from "./handlers/daemon.ts";
import { pluginHandlers } from "./handlers/plugin-handlers.ts";
import type { Readiness } from "./observe/health.ts";

/** The connection to the runtime, which comes and goes; what becomes of it is logged and counted. */
export class RuntimeConnection {
  readonly #daemon: Daemon;
  readonly #plugin: NriPlugin;
  #registrations = 0;
  #isRegistered = false;
  #isSynchronized = false;
  #isWaiting = false;
  #isClosing = false;
  /** Called when no further attempt will be made: only a plugin that the runtime launched ends so. */
  readonly #onEnd: (reason: string) => void;

  constructor(daemon: Daemon, identity: { name: string; index: string }, onEnd: (reason: string) => void) {
    this.#daemon = daemon;
    this.#onEnd = onEnd;
    const { socketPath } = daemon.node.configuration;
    this.#plugin = new NriPlugin({
      ...identity,
      ...(socketPath === "" ? {} : { socketPath }),
      handlers: pluginHandlers(daemon),
      failurePolicy: { failRequest: true, keepConnected: true },
    });
    this.#plugin.on("registered", () => this.#registered());
    this.#plugin.on("synchronized", () => {
      this.#isSynchronized = true;
    });
    this.#plugin.on("disconnected", (error, delayMs) =>
      this.#disconnected(error?.message ?? "closed by the runtime", delayMs),
    );
    this.#plugin.on("error", (error) =>
      daemon.log.error("connection error", { code: error.code, error: error.message }),
    );
  }

  /** Connects and keeps trying: a runtime that is not there yet is no error. */
  start(): void {
    this.#plugin.start();
  }

  /** Finishes what is in flight, for at most `graceMs`, and closes. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    await this.#plugin.close({ graceMs });
  }

  get readiness(): Readiness {
    const { kind } = this.#daemon.node.launcher;
    return { registered: this.#isRegistered, synchronized: this.#isSynchronized, launcher: kind === "ready" };
  }

  #registered(): void {
    this.#isRegistered = true;
    this.#isWaiting = false;
    if (this.#registrations++ > 0) this.#daemon.metrics.reconnected();
  }

  #disconnected(reason: string, delayMs: number | undefined): void {
    const { log, expectations } = this.#daemon;
    const wasRegistered = this.#isRegistered;
    this.#isRegistered = false;
    this.#isSynchronized = false;
    expectations.clear();
    if (this.#isClosing) return;
    if (delayMs === undefined) {
      this.#onEnd(reason);
      return;
    }
    if (wasRegistered) log.warn("connection to the runtime lost", { error: reason });
    // One record for an outage, not one for each attempt.
    else if (!this.#isWaiting) log.warn("waiting for the runtime", { error: reason });
    this.#isWaiting = true;
  }
}
