/** One connection to a runtime, from connecting to close: registers, serves, and forgets everything at the end. */
import { BusyPoll } from "./busy-poll.ts";
import { Deadlines } from "./deadlines.ts";
import { NriError } from "./errors.ts";
import { EVENT_METHODS, type Serve, serve } from "./events.ts";
import { type CallContext, HandlerCall } from "./handler-call.ts";
import type { PluginHandlers } from "./handlers.ts";
import { Demultiplexer, PLUGIN_CONNECTION, RUNTIME_CONNECTION } from "./mux.ts";
import { describeRuntime, knownEvents, type RuntimeInfo, type Version } from "./runtime-version.ts";
import type { ContainerUpdate, ContainerUpdateInit } from "./schema/generated/nri/adjustment.ts";
import * as nri from "./schema/generated/nri/service.ts";
import { decode } from "./schema/view.ts";
import { type Endpoint, NriSocket } from "./socket.ts";
import { Synchronization } from "./synchronization.ts";
import { TtrpcClient } from "./ttrpc/client.ts";
import { type IncomingCall, TtrpcServer } from "./ttrpc/server.ts";

/** What NRI uses when the runtime does not say: 2 s for one answer. */
const DEFAULT_REQUEST_TIMEOUT_MS = 2000;

export interface SessionSettings {
  readonly name: string;
  readonly index: string;
  readonly handlers: PluginHandlers;
  readonly events: number;
  readonly failurePolicy: { readonly failRequest: boolean; readonly keepConnected: boolean };
  readonly registrationTimeoutMs: number;
  readonly answerMarginMs: number;
  readonly busyPollMs: number;
}

/** What the plugin hears of its connection, in this order; `closed` once, last, and possibly first. */
export interface SessionListener {
  registered(): void;
  configured(runtime: RuntimeInfo): void;
  synchronized(): void;
  /** Something went wrong that nobody else is told of; the connection stays. */
  failed(error: NriError): void;
  closed(error: NriError | undefined): void;
}

export class Session implements CallContext {
  readonly #settings: SessionSettings;
  readonly #listener: SessionListener;
  readonly #socket: NriSocket;
  readonly #busyPoll: BusyPoll;
  readonly #server: TtrpcServer;
  readonly #client: TtrpcClient;
  readonly #methods: ReadonlyMap<string, Serve>;
  readonly #deadlines = new Deadlines();
  readonly #synchronization = new Synchronization();
  #runtime: RuntimeInfo | undefined;
  #requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS;
  #registrationTimer: NodeJS.Timeout | undefined;
  #tasks: (() => void)[] = [];
  #drained: (() => void) | undefined;
  /** Our end of the socket is closed: what still arrives cannot be answered. */
  #hasEnded = false;

  constructor(endpoint: Endpoint, settings: SessionSettings, listener: SessionListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#busyPoll = new BusyPoll(settings.busyPollMs);
    const send = (bytes: Buffer): boolean => this.#socket.write(bytes);
    const answer = (bytes: Buffer): boolean => {
      const isSent = send(bytes);
      this.#busyPoll.answered(bytes.length);
      return isSent;
    };
    this.#server = new TtrpcServer(PLUGIN_CONNECTION, nri.PLUGIN_SERVICE, answer, (call) => this.#serve(call));
    this.#client = new TtrpcClient(RUNTIME_CONNECTION, nri.RUNTIME_SERVICE, send);
    this.#methods = new Map([...EVENT_METHODS, ...this.#lifecycleMethods()]);
    const demultiplexer = new Demultiplexer(
      new Map([
        [PLUGIN_CONNECTION, this.#server.reader],
        [RUNTIME_CONNECTION, this.#client.reader],
      ]),
    );
    this.#socket = NriSocket.open(endpoint, {
      connected: () => this.#register(),
      received: (chunk) => demultiplexer.push(chunk),
      closed: (error) => this.#closed(error),
    });
  }

  get runtime(): RuntimeInfo | undefined {
    return this.#runtime;
  }

  get nriVersion(): Version | undefined {
    return this.#runtime?.nriVersion;
  }

  /** The updates that the runtime could not make. Rejects with what TtrpcClient.call rejects with. */
  async updateContainers(
    update: readonly ContainerUpdateInit[],
    timeoutMs: number,
  ): Promise<readonly ContainerUpdate[]> {
    const write = nri.writeUpdateContainersRequest;
    const type = nri.UpdateContainersResponse;
    return (await this.#client.call("UpdateContainers", write, { update }, type, timeoutMs)).failed;
  }

  /** Answers what is in flight, at most for `graceMs`, refuses what comes meanwhile, and closes. */
  close(graceMs: number): void {
    if (this.#drained !== undefined || this.#hasEnded) return;
    const end = (): void => {
      clearTimeout(timer);
      this.#drained = undefined;
      this.#hasEnded = true;
      this.#runTasks();
      this.#socket.end();
    };
    const timer = setTimeout(() => {
      for (const call of this.#server.open) call.fail(shuttingDown(call.method));
      end();
    }, graceMs);
    this.#drained = end;
    this.#checkDrained();
  }

  #checkDrained(): void {
    if (this.#server.open.size === 0) this.#drained?.();
  }

  #register(): void {
    const { name: pluginName, index: pluginIdx, registrationTimeoutMs } = this.#settings;
    const request = { pluginName, pluginIdx, nriVersion: SPOKEN_NRI_VERSION };
    const write = nri.writeRegisterPluginRequest;
    // The runtime takes one plugin at a time, so this may take long; and after it answered it must also configure us.
    this.#registrationTimer = setTimeout(() => this.#notConfigured(), registrationTimeoutMs);
    this.#client.send("RegisterPlugin", write, request, registrationTimeoutMs, (error) => {
      if (error === undefined) this.#listener.registered();
      else if (error.code === "CALL_FAILED") this.#reject(error);
    });
  }

  #reject(cause: NriError): void {
    this.#socket.destroy(new NriError("REGISTRATION_REJECTED", cause.message, { cause, status: cause.status }));
  }

  #notConfigured(): void {
    const what = `not registered and configured within ${this.#settings.registrationTimeoutMs} ms`;
    this.#socket.destroy(new NriError("REGISTRATION_TIMEOUT", what));
  }

  #serve(incoming: IncomingCall): void {
    const serveMethod = this.#methods.get(incoming.method);
    if (serveMethod === undefined) {
      incoming.fail(new NriError("UNKNOWN_METHOD", `method ${incoming.method}`));
    } else if (this.#drained !== undefined || this.#hasEnded) {
      incoming.fail(shuttingDown(incoming.method));
    } else {
      serveMethod(new HandlerCall(incoming, this, this.#deadlineOf(incoming)), this.#settings.handlers);
    }
  }

  /** Never more than half of the runtime's patience goes into the margin. */
  #deadlineOf(incoming: IncomingCall): number {
    const timeoutMs = Math.min(incoming.timeoutMs || Infinity, this.#requestTimeoutMs);
    return incoming.receivedMs + timeoutMs - Math.min(this.#settings.answerMarginMs, timeoutMs / 2);
  }

  #lifecycleMethods(): [nri.PluginMethod, Serve][] {
    const configure = serve({
      invoke: (handlers, call) => this.#configure(handlers, call),
      respond: () => ({ events: this.#clippedEvents(), failurePolicy: this.#settings.failurePolicy }),
      write: nri.writeConfigureResponse,
    });
    const synchronize = serve({
      invoke: (handlers, call) => this.#synchronize(handlers, call),
      respond: (answer) => answer,
      write: nri.writeSynchronizeResponse,
    });
    const shutdown = serve({
      invoke: (handlers) => handlers.shutdown?.(),
      respond: () => ({}),
      write: nri.writeEmpty,
    });
    return [
      ["Configure", configure],
      ["Synchronize", synchronize],
      ["Shutdown", shutdown],
    ];
  }

  #configure(handlers: PluginHandlers, call: HandlerCall): void | Promise<void> {
    clearTimeout(this.#registrationTimer);
    const request = decode(nri.ConfigureRequest, call.payload);
    const runtime = describeRuntime(request);
    this.#runtime = runtime;
    if (request.requestTimeout > 0n) this.#requestTimeoutMs = Number(request.requestTimeout);
    call.onAnswered = () => this.#listener.configured(runtime);
    return handlers.configure?.(request, call);
  }

  /** A bit that the runtime does not know makes it drop the plugin, and no bit at all means all events. */
  #clippedEvents(): number {
    const known = knownEvents(this.nriVersion ?? [0, 2, 0]);
    const events = this.#settings.events & known;
    if (events !== 0) return events;
    const { name = "", version = "" } = this.#runtime ?? {};
    throw new NriError("EVENTS_UNSUPPORTED", `${name} ${version} knows none of the events of this plugin`);
  }

  #synchronize(handlers: PluginHandlers, call: HandlerCall): SynchronizeAnswer | Promise<SynchronizeAnswer> {
    const state = this.#synchronization.add(call);
    if (state === undefined) return { more: true };
    call.onAnswered = () => this.#listener.synchronized();
    const result = handlers.synchronize?.(state.pods, state.containers, call);
    return result instanceof Promise ? result.then(asUpdate) : asUpdate(result);
  }

  watch(call: HandlerCall): void {
    this.#deadlines.add(call);
  }

  unwatch(call: HandlerCall): void {
    this.#deadlines.delete(call);
    this.#checkDrained();
  }

  runSoon(tasks: readonly (() => void)[]): void {
    if (this.#tasks.length === 0) setImmediate(() => this.#runTasks());
    this.#tasks.push(...tasks);
  }

  report(error: NriError): void {
    this.#listener.failed(error);
  }

  #runTasks(): void {
    const tasks = this.#tasks;
    this.#tasks = [];
    // The write failed: a runtime that gave up waiting closed its end, and did not take the answer that these tasks are about.
    if (this.#socket.destroyed) return;
    for (const task of tasks) {
      try {
        task();
      } catch (error) {
        this.#listener.failed(NriError.from(error));
      }
    }
  }

  #closed(error: NriError | undefined): void {
    clearTimeout(this.#registrationTimer);
    this.#busyPoll.stop();
    this.#server.close();
    this.#deadlines.abandon();
    this.#client.close(error ?? new NriError("CONNECTION_CLOSED", "the connection was closed"));
    this.#listener.closed(error);
  }
}

/** The newest NRI version whose messages this package knows, as RegisterPlugin tells it. */
const SPOKEN_NRI_VERSION = "v0.12.5";

interface SynchronizeAnswer {
  readonly more?: boolean;
  readonly update?: readonly ContainerUpdateInit[] | undefined;
}

function asUpdate(update: readonly ContainerUpdateInit[] | undefined | void): SynchronizeAnswer {
  return update === undefined ? {} : { update };
}

function shuttingDown(method: string): NriError {
  return new NriError("SHUTTING_DOWN", `${method}: the plugin is shutting down`);
}
