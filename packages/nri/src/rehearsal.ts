/** Answers a request once more, for nobody. */
import { EVENT_METHODS } from "./events.ts";
import { NriError } from "./errors.ts";
import { type CallContext, HandlerCall } from "./handler-call.ts";
import type { Call, PluginHandlers } from "./handlers.ts";
import { Demultiplexer, MUX_HEADER_BYTES, PLUGIN_CONNECTION } from "./mux.ts";
import { writeRequest } from "./schema/generated/ttrpc/envelope.ts";
import { PLUGIN_SERVICE } from "./schema/generated/nri/service.ts";
import { encode } from "./schema/write.ts";
import { encodeMessage, MessageType } from "./ttrpc/codec.ts";
import { TtrpcServer } from "./ttrpc/server.ts";

/** Behind the mux header and the length of the ttRPC message, a u32. */
const STREAM_OFFSET = MUX_HEADER_BYTES + 4;

/**
 * V8 makes fast code of what has run often, in the midst of the answers that it is for. A request that was answered can
 * be gone through again while the runtime is silent, from its frame to the bytes of the answer, which are dropped: the
 * code is fast then before the next request comes.
 */
export class Rehearsal {
  readonly #frame: Buffer;
  readonly #demultiplexer: Demultiplexer;
  #stream = -1;

  /**
   * Copies the request, which must be an event: Configure, Synchronize and Shutdown throw UNKNOWN_METHOD. `handlers`
   * answer it in place of the plugin's own and must change nothing; what they give `afterReply` does not run, and nobody
   * hears of what they throw.
   */
  constructor({ method, payload, nriVersion }: Call, handlers: PluginHandlers) {
    const serveEvent = EVENT_METHODS.get(method);
    if (serveEvent === undefined) throw new NriError("UNKNOWN_METHOD", `${method} cannot be rehearsed`);
    const request = encode(writeRequest, { service: PLUGIN_SERVICE, method, payload });
    this.#frame = encodeMessage(PLUGIN_CONNECTION, MessageType.REQUEST, 0, request);
    const context: CallContext = {
      nriVersion,
      watch: ignore,
      unwatch: ignore,
      runSoon: ignore,
      report: ignore,
    };
    const server = new TtrpcServer(
      PLUGIN_CONNECTION,
      PLUGIN_SERVICE,
      () => true,
      (incoming) => serveEvent(new HandlerCall(incoming, context, Infinity), handlers),
    );
    this.#demultiplexer = new Demultiplexer(new Map([[PLUGIN_CONNECTION, server.reader]]));
  }

  /** Goes through the request once; a handler that is not done when it returns goes on. */
  run(): void {
    this.#stream += 2;
    this.#frame.writeUInt32BE(this.#stream, STREAM_OFFSET);
    this.#demultiplexer.push(this.#frame);
  }
}

function ignore(): void {}
