/** One request on its way through a handler: its deadline, its answer, and what is to be done after the answer. */
import { AsyncLocalStorage } from "node:async_hooks";
import { NriError } from "./errors.ts";
import type { Call, PluginHandlers } from "./handlers.ts";
import type { Version } from "./runtime-version.ts";
import type { WriteMessage } from "./schema/write.ts";
import type { IncomingCall } from "./ttrpc/server.ts";

/** What a call needs of the connection it came on. */
export interface CallContext {
  /** NRI's version once the runtime is configured. */
  readonly nriVersion: Version | undefined;
  /** The handler did not answer at once: expire the call at its deadline. */
  watch(call: HandlerCall): void;
  unwatch(call: HandlerCall): void;
  runSoon(tasks: readonly (() => void)[]): void;
  /** A failure that is no decision of the handler. */
  report(error: NriError): void;
}

/** The call whose handler is running, across its awaits. Tells updateContainers that it would wait for itself. */
const running = new AsyncLocalStorage<HandlerCall>();

export function isInsideHandler(): boolean {
  return running.getStore()?.isOpen === true;
}

export class HandlerCall implements Call {
  deadlineMs: number;
  /** Runs right after a successful answer was sent. What it throws is reported. */
  onAnswered: (() => void) | undefined;
  readonly #incoming: IncomingCall;
  readonly #context: CallContext;
  #tasks: (() => void)[] | undefined;
  #abort: AbortController | undefined;

  constructor(incoming: IncomingCall, context: CallContext, deadlineMs: number) {
    this.#incoming = incoming;
    this.#context = context;
    this.deadlineMs = deadlineMs;
  }

  get method(): string {
    return this.#incoming.method;
  }

  get payload(): Buffer {
    return this.#incoming.payload;
  }

  get nriVersion(): Version | undefined {
    return this.#context.nriVersion;
  }

  get isOpen(): boolean {
    return !this.#incoming.answered;
  }

  afterReply(task: () => void): void {
    (this.#tasks ??= []).push(task);
  }

  /** Made when it is asked for: most handlers answer at once and need none. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (!this.isOpen) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  /** Calls the handler and answers with what it returns, throws, or fails to return in time. */
  run<Result, Message>(method: HandlerMethod<Result, Message>, handlers: PluginHandlers): void {
    try {
      const result = running.run(this, method.invoke, handlers, this);
      if (isPromise(result)) {
        this.#context.watch(this);
        void result.then(
          (value) => this.#finish(method, value),
          (error: unknown) => this.fail(error),
        );
      } else {
        this.#finish(method, result);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  #finish<Result, Message>(method: HandlerMethod<Result, Message>, result: Result): void {
    if (!this.isOpen) return;
    if (performance.now() >= this.deadlineMs) {
      this.expire();
      return;
    }
    try {
      if (!this.#incoming.answer(method.write, method.respond(result, this))) return;
    } catch (error) {
      this.fail(error);
      return;
    }
    try {
      this.onAnswered?.();
    } catch (error) {
      this.#context.report(NriError.from(error));
    }
    this.#done();
  }

  fail(thrown: unknown): void {
    if (!this.isOpen) return;
    const error = NriError.from(thrown);
    if (error !== thrown || error.code !== "REFUSED") this.#context.report(error);
    if (this.#incoming.fail(error)) this.#done();
  }

  /** Answers with an error before the runtime gives up; whatever the handler returns later is dropped. */
  expire(): void {
    if (!this.isOpen) return;
    const lateMs = Math.round(performance.now() - this.#incoming.receivedMs);
    const error = new NriError("HANDLER_TIMEOUT", `${this.#incoming.method}: no answer after ${lateMs} ms`);
    this.#tasks = undefined;
    this.#incoming.fail(error);
    this.#context.report(error);
    this.abandon();
  }

  /** Nobody waits for the answer any more. */
  abandon(): void {
    this.#context.unwatch(this);
    this.#abort?.abort();
  }

  #done(): void {
    if (this.#tasks !== undefined) this.#context.runSoon(this.#tasks);
    this.#context.unwatch(this);
  }
}

/** How one method of the Plugin service becomes a call of a handler, and the handler's result an answer. */
export interface HandlerMethod<Result, Message> {
  readonly invoke: (handlers: PluginHandlers, call: HandlerCall) => Result | Promise<Result>;
  readonly respond: (result: Result, call: HandlerCall) => Message;
  readonly write: WriteMessage<Message>;
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value;
}
