/** The calling side of a ttRPC connection. */
import { NriError, Status } from "../errors.ts";
import { Response, writeRequest } from "../schema/generated/ttrpc/envelope.ts";
import { asBuffer, decode, type ViewClass } from "../schema/view.ts";
import { encode, type WriteMessage } from "../schema/write.ts";
import { encodeMessage, MessageReader, MessageType } from "./codec.ts";

/** Called once, in the order in which answers arrive. */
export type Answered = (error: NriError | undefined, payload: Buffer) => void;

interface Pending {
  readonly what: string;
  readonly answered: Answered;
  readonly timer: NodeJS.Timeout;
}

const NO_PAYLOAD: Buffer = Buffer.alloc(0);

export class TtrpcClient {
  readonly reader: MessageReader;
  readonly #connection: number;
  readonly #service: string;
  readonly #send: (bytes: Buffer) => boolean;
  readonly #pending = new Map<number, Pending>();
  /** Streams of a client are odd and rise. */
  #nextStream = 1;

  constructor(connection: number, service: string, send: (bytes: Buffer) => boolean) {
    this.#connection = connection;
    this.#service = service;
    this.#send = send;
    this.reader = new MessageReader(MessageType.RESPONSE, (_type, stream, data) => this.#receive(stream, data));
  }

  /** Throws when the request cannot be encoded or is above 4 MiB; everything later goes to `answered`. */
  send<T>(method: string, write: WriteMessage<T>, message: T, timeoutMs: number, answered: Answered): void {
    const stream = this.#nextStream;
    const request = encode(writeRequest, {
      service: this.#service,
      method,
      payload: encode(write, message),
      timeoutNano: BigInt(Math.round(timeoutMs * 1e6)),
    });
    const bytes = encodeMessage(this.#connection, MessageType.REQUEST, stream, request);
    this.#nextStream += 2;
    const timer = setTimeout(() => this.#timedOut(stream, timeoutMs), timeoutMs);
    this.#pending.set(stream, { what: method, answered, timer });
    this.#send(bytes);
  }

  /** Rejects with CALL_FAILED and the status of an error answer, MALFORMED_MESSAGE, CALL_TIMEOUT, or CONNECTION_CLOSED. */
  async call<T, R>(
    method: string,
    write: WriteMessage<T>,
    message: T,
    answer: ViewClass<R>,
    timeoutMs: number,
  ): Promise<R> {
    const answered = await new Promise<Buffer>((resolve, reject) => {
      this.send(method, write, message, timeoutMs, (error, payload) => {
        if (error !== undefined) reject(error);
        else resolve(payload);
      });
    });
    return decode(answer, answered);
  }

  /** Ends every call that still waits. */
  close(error: NriError): void {
    for (const stream of this.#pending.keys()) this.#take(stream)?.answered(error, NO_PAYLOAD);
  }

  #receive(stream: number, data: Buffer): void {
    // An answer to a call that timed out, or to none of ours.
    if (!this.#pending.has(stream)) return;
    // Read while the call still waits: what this throws closes the connection, which ends every waiting call.
    const { status, payload } = decode(Response, data);
    const pending = this.#take(stream);
    if (status === undefined || status.code === Status.OK) {
      pending?.answered(undefined, asBuffer(payload));
    } else {
      const error = new NriError("CALL_FAILED", `${pending?.what}: ${status.message}`, { status: status.code });
      pending?.answered(error, NO_PAYLOAD);
    }
  }

  #timedOut(stream: number, timeoutMs: number): void {
    const pending = this.#take(stream);
    const error = new NriError("CALL_TIMEOUT", `${pending?.what}: no answer within ${timeoutMs} ms`);
    pending?.answered(error, NO_PAYLOAD);
  }

  #take(stream: number): Pending | undefined {
    const pending = this.#pending.get(stream);
    if (pending !== undefined) {
      this.#pending.delete(stream);
      clearTimeout(pending.timer);
    }
    return pending;
  }
}
