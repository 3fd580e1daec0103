import { NriPlugin } from "@kubefence/nri";
import type { Daemon } from "./handlers/daemon.ts";
import { pluginHandlers } from "./handlers/plugin-handlers.ts";
import type { Readiness } from "./observe/health.ts";
import { Succession } from "./takeover/succession.ts";

/** What is in flight when a newer instance takes over; the runtime holds containers back meanwhile, so there is little. */
const RETIRE_GRACE_MS = 300;
/**
 * How long the runtime gets to take a closed connection off its list, which takes it milliseconds. It still asks one that
 * is on it, and refuses the container for want of an answer.
 */
const NOTICE_MS = 100;
/** The runtime has the result of a create validated within this time after the answer. */
const BUSY_POLL_MS = 0.09;

/** The connection to the runtime, which comes and goes; what becomes of it is logged and counted. */
export class RuntimeConnection {
  readonly #daemon: Daemon;
  readonly #identity: { name: string; index: string };
  readonly #succession: Succession;
  #plugin: NriPlugin;
  #registrations = 0;
  #isRegistered = false;
  #isSynchronized = false;
  #isWaiting = false;
  /** Anything but active: having no connection is no outage. */
  #state: "active" | "retired" | "ending" = "active";
  #resuming: NodeJS.Timeout | undefined;
  /** Called when no further attempt will be made: only a plugin that the runtime launched ends so. */
  readonly #onEnd: (reason: string) => void;

  constructor(daemon: Daemon, identity: { name: string; index: string }, onEnd: (reason: string) => void) {
    this.#daemon = daemon;
    this.#identity = identity;
    this.#onEnd = onEnd;
    this.#succession = new Succession(daemon.node.configuration.stateDirectory, daemon.log, {
      retire: () => this.#retire(),
      resume: () => this.#resume(),
    });
    this.#plugin = this.#create();
  }

  #create(): NriPlugin {
    const daemon = this.#daemon;
    const { socketPath } = daemon.node.configuration;
    const handlers = pluginHandlers(daemon);
    const plugin = new NriPlugin({
      ...this.#identity,
      ...(socketPath === "" ? {} : { socketPath }),
      handlers: {
        ...handlers,
        synchronize: async (pods, containers, call) => {
          await this.#succession.takeOver();
          return handlers.synchronize?.(pods, containers, call);
        },
      },
      busyPollMs: BUSY_POLL_MS,
      failurePolicy: { failRequest: true, keepConnected: true },
    });
    plugin.on("registered", () => this.#registered());
    plugin.on("synchronized", () => {
      this.#isSynchronized = true;
    });
    plugin.on("disconnected", (error, delayMs) =>
      this.#disconnected(error?.message ?? "closed by the runtime", delayMs),
    );
    plugin.on("error", (error) => daemon.log.error("connection error", { code: error.code, error: error.message }));
    return plugin;
  }

  /** Connects and keeps trying: a runtime that is not there yet is no error. */
  start(): void {
    this.#plugin.start();
  }

  /** Finishes what is in flight, for at most `graceMs`, and closes. */
  async close(graceMs: number): Promise<void> {
    this.#state = "ending";
    clearTimeout(this.#resuming);
    await this.#plugin.close({ graceMs });
    await this.#succession.close();
  }

  get readiness(): Readiness {
    const { kind } = this.#daemon.node.launcher;
    return { registered: this.#isRegistered, synchronized: this.#isSynchronized, launcher: kind === "ready" };
  }

  /** False once a newer instance answers in this one's place. */
  get isInCharge(): boolean {
    return this.#state !== "retired";
  }

  /** How often the runtime has taken the plugin in: another number means that it may have been restarted. */
  get registrations(): number {
    return this.#registrations;
  }

  async #retire(): Promise<void> {
    if (this.#state === "active") this.#state = "retired";
    clearTimeout(this.#resuming);
    await this.#plugin.close({ graceMs: RETIRE_GRACE_MS });
    await new Promise((resolve) => setTimeout(resolve, NOTICE_MS));
    this.#daemon.log.info("retired");
  }

  #resume(): void {
    if (this.#state !== "retired") return;
    this.#daemon.log.warn("newer instance gone");
    this.#resuming = setTimeout(() => {
      this.#state = "active";
      this.#plugin = this.#create();
      this.#plugin.start();
    }, NOTICE_MS);
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
    if (this.#state !== "active") return;
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
