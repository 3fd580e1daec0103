/** A plugin's life: from configuration through connections that come and go, to close. */
import { EventEmitter } from "node:events";
import { Backoff, type BackoffLimits } from "./backoff.ts";
import { NriError } from "./errors.ts";
import { eventsOf } from "./events.ts";
import { isInsideHandler } from "./handler-call.ts";
import type { PluginHandlers } from "./handlers.ts";
import type { RuntimeInfo } from "./runtime-version.ts";
import type { ContainerUpdate, ContainerUpdateInit } from "./schema/generated/nri/adjustment.ts";
import { Session, type SessionSettings } from "./session.ts";
import type { Endpoint } from "./socket.ts";

export const DEFAULT_SOCKET_PATH = "/var/run/nri/nri.sock";

export interface PluginOptions {
  /** Letters, digits and _ . + - only. NRI_PLUGIN_NAME wins. */
  readonly name: string;
  /** Two digits: plugins are called in this order. NRI_PLUGIN_IDX wins. */
  readonly index: string;
  /** Default /var/run/nri/nri.sock. NRI_PLUGIN_SOCKET, the descriptor of a plugin that the runtime started, wins. */
  readonly socketPath?: string;
  readonly handlers: PluginHandlers;
  /** What the runtime does when this plugin times out (NRI 0.12.4 and later). Default: fail the request, keep the plugin. */
  readonly failurePolicy?: { readonly failRequest: boolean; readonly keepConnected: boolean };
  /** Default 100 to 5000. A plugin that the runtime started is never reconnected: the runtime would have to start it. */
  readonly reconnect?: false | BackoffLimits;
  /** How long to wait for the runtime to register and configure the plugin. Default 60,000. */
  readonly registrationTimeoutMs?: number;
  /** Answer with an error this long before the runtime gives up, at most half of its time. Default 250. */
  readonly answerMarginMs?: number;
  /**
   * How long to look for the runtime's next message after an answer before the process goes to sleep, in milliseconds of
   * processor time, and 0.02 more for each KB of the answer; 0.09 covers the validation that follows an adjustment.
   * Default 0: sleep at once.
   */
  readonly busyPollMs?: number;
}

export interface PluginEvents {
  connecting: [endpoint: Endpoint];
  registered: [];
  configured: [runtime: RuntimeInfo];
  /** From here on the runtime asks this plugin about every container. */
  synchronized: [];
  /** The error is undefined when the connection was closed in good order; the delay when there is no further attempt. */
  disconnected: [error: NriError | undefined, reconnectDelayMs: number | undefined];
  /** A failure that no caller is told of. Without a listener it becomes a process warning. */
  error: [error: NriError];
}

export interface UpdateOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
}

const DEFAULT_UPDATE_TIMEOUT_MS = 10_000;

export class NriPlugin {
  readonly #endpoint: Endpoint;
  readonly #settings: SessionSettings;
  readonly #backoff: Backoff | undefined;
  readonly #backoffResetMs: number;
  readonly #emitter = new EventEmitter<PluginEvents>();
  #session: Session | undefined;
  #synchronizedMs: number | undefined;
  #reconnectTimer: NodeJS.Timeout | undefined;
  #state: "new" | "started" | "closing" | "closed" = "new";
  readonly #closed = Promise.withResolvers<void>();

  /** Throws NriError for a name, index or option that no runtime accepts, and when no event is handled. */
  constructor(options: PluginOptions, env: NodeJS.ProcessEnv = process.env) {
    const { failurePolicy, reconnect, registrationTimeoutMs, answerMarginMs, busyPollMs } = options;
    this.#endpoint = endpointOf(options, env);
    this.#settings = {
      name: checkName(env["NRI_PLUGIN_NAME"] || options.name),
      index: checkIndex(env["NRI_PLUGIN_IDX"] || options.index),
      handlers: options.handlers,
      events: checkEvents(eventsOf(options.handlers)),
      failurePolicy: failurePolicy ?? { failRequest: true, keepConnected: true },
      registrationTimeoutMs: checkMs("registrationTimeoutMs", registrationTimeoutMs ?? 60_000),
      answerMarginMs: checkMs("answerMarginMs", answerMarginMs ?? 250),
      busyPollMs: checkMs("busyPollMs", busyPollMs ?? 0),
    };
    const limits = reconnect ?? { minDelayMs: 100, maxDelayMs: 5000 };
    if (limits !== false) {
      checkMs("reconnect.minDelayMs", limits.minDelayMs);
      checkMs("reconnect.maxDelayMs", limits.maxDelayMs);
    }
    const external = "path" in this.#endpoint;
    this.#backoff = limits === false || !external ? undefined : new Backoff(limits);
    this.#backoffResetMs = limits === false ? 0 : limits.maxDelayMs;
  }

  /**
   * Connects, and keeps trying; a socket that is not there is no error. Throws INVALID_SOCKET_FD for a descriptor that is
   * no socket, and INVALID_OPTION the second time.
   */
  start(): void {
    if (this.#state !== "new") throw new NriError("INVALID_OPTION", "start() was called before: make a new NriPlugin");
    this.#state = "started";
    this.#connect();
  }

  /** What the connected runtime said of itself. */
  get runtime(): RuntimeInfo | undefined {
    return this.#session?.runtime;
  }

  on<E extends keyof PluginEvents>(event: E, listener: (...args: PluginEvents[E]) => void): this {
    // EventEmitter's own types cannot carry a generic event name through.
    const untyped: EventEmitter = this.#emitter;
    untyped.on(event, listener);
    return this;
  }

  /**
   * Changes resources of existing containers; resolves with those that could not be changed. Rejects with
   * UPDATE_INSIDE_HANDLER before a handler has answered (use call.afterReply), NOT_CONNECTED, CALL_FAILED with the
   * runtime's status, CALL_TIMEOUT, MALFORMED_MESSAGE or CONNECTION_CLOSED. NRI 0.10.0 to 0.12.0 can deadlock the whole runtime when an
   * update meets an event: leave it alone there (`runtime.nriVersion`).
   */
  async updateContainers(
    update: readonly ContainerUpdateInit[],
    options: UpdateOptions = {},
  ): Promise<readonly ContainerUpdate[]> {
    if (isInsideHandler()) {
      throw new NriError("UPDATE_INSIDE_HANDLER", "updateContainers was called by a handler that has not answered");
    }
    if (this.#session === undefined || this.#synchronizedMs === undefined) {
      throw new NriError("NOT_CONNECTED", "no runtime is connected and synchronized");
    }
    return this.#session.updateContainers(update, options.timeoutMs ?? DEFAULT_UPDATE_TIMEOUT_MS);
  }

  /**
   * Finishes what is in flight and closes for good. After `graceMs` what is still in flight is answered with
   * SHUTTING_DOWN; so is what arrives meanwhile, because a closed socket would let containers pass. Resolves when the
   * runtime has closed its end too, or takes longer than 300 ms.
   */
  close(options: { readonly graceMs?: number } = {}): Promise<void> {
    if (this.#state === "new") this.#finish();
    if (this.#state === "started") {
      this.#state = "closing";
      clearTimeout(this.#reconnectTimer);
      if (this.#session === undefined) this.#finish();
      else this.#session.close(options.graceMs ?? 2000);
    }
    return this.#closed.promise;
  }

  #finish(): void {
    this.#state = "closed";
    this.#closed.resolve();
  }

  #connect(): void {
    this.#emitter.emit("connecting", this.#endpoint);
    this.#session = new Session(this.#endpoint, this.#settings, {
      registered: () => this.#emitter.emit("registered"),
      configured: (runtime) => this.#emitter.emit("configured", runtime),
      synchronized: () => {
        this.#synchronizedMs = performance.now();
        this.#emitter.emit("synchronized");
      },
      failed: (error) => this.#report(error),
      closed: (error) => this.#disconnected(error),
    });
  }

  #disconnected(error: NriError | undefined): void {
    this.#session = undefined;
    // A connection that held says that the runtime is well, unlike one that is closed again and again.
    const since = this.#synchronizedMs;
    if (since !== undefined && performance.now() - since >= this.#backoffResetMs) this.#backoff?.reset();
    this.#synchronizedMs = undefined;

    const again = this.#state === "started" && this.#backoff !== undefined;
    const delayMs = again ? this.#backoff?.next() : undefined;
    if (delayMs !== undefined) this.#reconnectTimer = setTimeout(() => this.#connect(), delayMs);
    this.#emitter.emit("disconnected", error, delayMs);
    if (delayMs === undefined) this.#finish();
  }

  #report(error: NriError): void {
    if (this.#emitter.listenerCount("error") > 0) this.#emitter.emit("error", error);
    else process.emitWarning(error);
  }
}

function endpointOf(options: PluginOptions, env: NodeJS.ProcessEnv): Endpoint {
  const fd = env["NRI_PLUGIN_SOCKET"];
  if (fd === undefined || fd === "") return { path: options.socketPath ?? DEFAULT_SOCKET_PATH };
  if (!/^\d{1,9}$/.test(fd)) throw new NriError("INVALID_SOCKET_FD", `NRI_PLUGIN_SOCKET is "${fd}", no descriptor`);
  return { fd: Number(fd) };
}

function checkName(name: string): string {
  if (/^[A-Za-z0-9_.+-]+$/.test(name)) return name;
  throw new NriError("INVALID_PLUGIN_NAME", `the plugin name is ${JSON.stringify(name)}`);
}

function checkIndex(index: string): string {
  if (/^[0-9]{2}$/.test(index)) return index;
  throw new NriError("INVALID_PLUGIN_INDEX", `the plugin index is ${JSON.stringify(index)}`);
}

function checkEvents(events: number): number {
  if (events !== 0) return events;
  throw new NriError("NO_HANDLERS", "the plugin handles no event");
}

function checkMs(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0 && value < 2 ** 31) return value;
  throw new NriError("INVALID_OPTION", `${name} is ${value}, no number of milliseconds`);
}
