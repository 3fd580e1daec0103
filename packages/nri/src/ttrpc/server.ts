/** The serving side of a ttRPC connection. */
import { NriError } from "../errors.ts";
import { Request, writeResponse } from "../schema/generated/ttrpc/envelope.ts";
import { asBuffer, decode } from "../schema/view.ts";
import { encode, encodeField, type WriteMessage } from "../schema/write.ts";
import { encodeMessage, MessageReader, MessageType } from "./codec.ts";

/** Tag of the payload in a Response. */
const RESPONSE_PAYLOAD = 18;

/** More calls at once than any runtime makes; a peer that opens more is refused instead of remembered. */
const MAX_OPEN_CALLS = 1024;

/** What an error may say on the wire. */
const MAX_STATUS_CHARACTERS = 8192;

const NO_PAYLOAD: Buffer = Buffer.alloc(0);
const EMPTY_FIELD_BYTES = 2;

export class TtrpcServer {
  readonly reader: MessageReader;
  readonly #connection: number;
  readonly #service: string;
  readonly #send: (bytes: Buffer) => boolean;
  readonly #serve: (call: IncomingCall) => void;
  readonly #open = new Set<IncomingCall>();
  #lastStream = 0;

  /** `serve` must not throw; it answers or fails each call once, at once or later. */
  constructor(
    connection: number,
    service: string,
    send: (bytes: Buffer) => boolean,
    serve: (call: IncomingCall) => void,
  ) {
    this.#connection = connection;
    this.#service = service;
    this.#send = send;
    this.#serve = serve;
    this.reader = new MessageReader(MessageType.REQUEST, (_type, stream, data) => this.#receive(stream, data));
  }

  /** The calls that were not answered yet. */
  get open(): ReadonlySet<IncomingCall> {
    return this.#open;
  }

  /** For IncomingCall. False when the call was answered before, or the connection is closed. */
  finish(call: IncomingCall, data: Buffer): boolean {
    const bytes = encodeMessage(this.#connection, MessageType.RESPONSE, call.stream, data);
    return this.#open.delete(call) && this.#send(bytes);
  }

  /** Nothing can be answered any more. */
  close(): void {
    this.#open.clear();
  }

  #receive(stream: number, data: Buffer): void {
    const call = new IncomingCall(this, stream);
    const refusal = this.#admit(call, data);
    this.#open.add(call);
    if (refusal === undefined) this.#serve(call);
    else call.fail(refusal);
  }

  #admit(call: IncomingCall, data: Buffer): NriError | undefined {
    const last = this.#lastStream;
    if (call.stream % 2 === 0 || call.stream <= last) {
      return new NriError("TTRPC_PROTOCOL", `stream ${call.stream} after ${last}: streams are odd and rise`);
    }
    this.#lastStream = call.stream;
    if (this.#open.size >= MAX_OPEN_CALLS) {
      return new NriError("TOO_MANY_REQUESTS", `${this.#open.size} requests wait for their answers`);
    }
    try {
      const request = decode(Request, data);
      call.receive(request);
      if (request.service === this.#service) return undefined;
      return new NriError("UNKNOWN_METHOD", `service ${request.service}`);
    } catch (error) {
      return NriError.from(error);
    }
  }
}

/**
 * One request and the way to answer it. Only the first answer counts, and none after the connection is closed: then
 * answer and fail return false.
 */
export class IncomingCall {
  readonly stream: number;
  readonly receivedMs: number = performance.now();
  method = "";
  payload: Buffer = NO_PAYLOAD;
  /** What the caller waits at most; 0 when it did not say. */
  timeoutMs = 0;
  readonly #server: TtrpcServer;

  constructor(server: TtrpcServer, stream: number) {
    this.#server = server;
    this.stream = stream;
  }

  receive(request: Request): void {
    this.method = request.method;
    this.payload = asBuffer(request.payload);
    this.timeoutMs = Math.max(0, Number(request.timeoutNano) / 1e6);
  }

  get answered(): boolean {
    return !this.#server.open.has(this);
  }

  /** Throws UNENCODABLE_MESSAGE or TTRPC_MESSAGE_TOO_LARGE, and then nothing was sent. */
  answer<T>(write: WriteMessage<T>, message: T): boolean {
    const data = encodeField(RESPONSE_PAYLOAD, write, message);
    // An empty payload is left out, as the Go implementation does.
    return this.#server.finish(this, data.length === EMPTY_FIELD_BYTES ? NO_PAYLOAD : data);
  }

  /** Answers with the error's status and message. */
  fail(error: NriError): boolean {
    const status = { code: error.status, message: error.message.slice(0, MAX_STATUS_CHARACTERS) };
    return this.#server.finish(this, encode(writeResponse, { status }));
  }
}
