/**
 * ttRPC messages: a header of 10 bytes (length of the data u32, stream u32, type u8, flags u8; big endian), then the data.
 * https://github.com/containerd/ttrpc/blob/main/PROTOCOL.md
 */
import { NriError } from "../errors.ts";
import { type ByteReceiver, MUX_HEADER_BYTES, writeMuxHeader } from "../mux.ts";

export const MESSAGE_HEADER_BYTES = 10;
export const MAX_MESSAGE_BYTES: number = 4 * 1024 * 1024;

export const MessageType = { REQUEST: 1, RESPONSE: 2 } as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/**
 * What the first mux frame of a message may carry. The Go peer reads a header through a buffer of this size and fails
 * with ENOMEM when the frame is larger; the rest of the message must follow in one frame, because the peer's queue holds
 * 256 frames.
 */
const FIRST_FRAME_BYTES = 4096;

export type MessageListener = (type: MessageType, stream: number, data: Buffer) => void;

/** Puts the messages of one connection together. Never holds more than one message of at most 4 MiB. */
export class MessageReader implements ByteReceiver {
  readonly #accepted: MessageType;
  readonly #listener: MessageListener;
  readonly #header = Buffer.alloc(MESSAGE_HEADER_BYTES);
  #headerBytes = 0;
  /** Undefined between messages, and while the data of a message is skipped. */
  #data: Buffer | undefined;
  #dataBytes = 0;
  #dataLeft = 0;

  /** Messages of other types than the accepted one are skipped. Each message has memory of its own. */
  constructor(accepted: MessageType, listener: MessageListener) {
    this.#accepted = accepted;
    this.#listener = listener;
  }

  /** Throws TTRPC_MESSAGE_TOO_LARGE as soon as the header of such a message is complete. */
  push(chunk: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      at = this.#headerBytes < MESSAGE_HEADER_BYTES ? this.#readHeader(chunk, at, end) : this.#readData(chunk, at, end);
    }
  }

  #readHeader(chunk: Buffer, start: number, limit: number): number {
    const end = Math.min(limit, start + MESSAGE_HEADER_BYTES - this.#headerBytes);
    chunk.copy(this.#header, this.#headerBytes, start, end);
    this.#headerBytes += end - start;
    if (this.#headerBytes === MESSAGE_HEADER_BYTES) this.#beginData();
    return end;
  }

  #beginData(): void {
    const length = this.#header.readUInt32BE(0);
    if (length > MAX_MESSAGE_BYTES) {
      const what = `a message of ${length} bytes on stream ${this.#stream}; the limit is ${MAX_MESSAGE_BYTES}`;
      throw new NriError("TTRPC_MESSAGE_TOO_LARGE", what);
    }
    this.#dataBytes = 0;
    this.#dataLeft = length;
    this.#data = this.#header[8] === this.#accepted ? Buffer.allocUnsafe(length) : undefined;
    if (length === 0) this.#finish();
  }

  #readData(chunk: Buffer, start: number, limit: number): number {
    const end = Math.min(limit, start + this.#dataLeft);
    if (this.#data !== undefined) chunk.copy(this.#data, this.#dataBytes, start, end);
    this.#dataBytes += end - start;
    this.#dataLeft -= end - start;
    if (this.#dataLeft === 0) this.#finish();
    return end;
  }

  #finish(): void {
    const data = this.#data;
    this.#data = undefined;
    this.#headerBytes = 0;
    if (data !== undefined) this.#listener(this.#accepted, this.#stream, data);
  }

  get #stream(): number {
    return this.#header.readUInt32BE(4);
  }
}

/**
 * A message as it goes to the socket: in one mux frame when it fits into 4096 bytes, else in two.
 * Throws TTRPC_MESSAGE_TOO_LARGE above 4 MiB of data.
 */
export function encodeMessage(connection: number, type: MessageType, stream: number, data: Uint8Array): Buffer {
  if (data.length > MAX_MESSAGE_BYTES) {
    const what = `a message of ${data.length} bytes cannot be sent; the limit is ${MAX_MESSAGE_BYTES}`;
    throw new NriError("TTRPC_MESSAGE_TOO_LARGE", what);
  }
  const length = MESSAGE_HEADER_BYTES + data.length;
  const first = Math.min(length, FIRST_FRAME_BYTES);
  const rest = length - first;
  const bytes = Buffer.allocUnsafe(length + MUX_HEADER_BYTES * (rest > 0 ? 2 : 1));

  let at = writeMuxHeader(bytes, 0, connection, first);
  at = bytes.writeUInt32BE(data.length, at);
  at = bytes.writeUInt32BE(stream, at);
  at = bytes.writeUInt8(type, at);
  at = bytes.writeUInt8(0, at);
  const split = first - MESSAGE_HEADER_BYTES;
  bytes.set(rest > 0 ? data.subarray(0, split) : data, at);
  if (rest > 0) bytes.set(data.subarray(split), writeMuxHeader(bytes, at + split, connection, rest));
  return bytes;
}
