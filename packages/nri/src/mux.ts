/**
 * The mux: two byte streams over one socket. A frame is the connection's number, the payload's length (both u32, big
 * endian), and the payload. There is no other kind of frame: no open, close, acknowledgement or flow control.
 */
import { NriError } from "./errors.ts";

/** The connection on which the plugin serves, and the one on which it calls. */
export const PLUGIN_CONNECTION = 1;
export const RUNTIME_CONNECTION = 2;

export const MUX_HEADER_BYTES = 8;

/** One ttRPC message: 4 MiB of data and its header. */
export const MAX_MUX_PAYLOAD_BYTES: number = 4 * 1024 * 1024 + 10;

/** Takes the bytes of one connection as they come: no boundary of a chunk means anything. */
export interface ByteReceiver {
  push(chunk: Buffer, start: number, end: number): void;
}

/** Splits what the socket delivers into its connections. Holds no payload, only an unfinished header. */
export class Demultiplexer {
  readonly #receivers: ReadonlyMap<number, ByteReceiver>;
  readonly #header = Buffer.alloc(MUX_HEADER_BYTES);
  #headerBytes = 0;
  #receiver: ByteReceiver | undefined;
  #payloadLeft = 0;

  /** Frames of connections without a receiver are dropped, as the Go implementation does. */
  constructor(receivers: ReadonlyMap<number, ByteReceiver>) {
    this.#receivers = receivers;
  }

  /** Throws MUX_FRAME_TOO_LARGE as soon as the header of such a frame is complete. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadLeft === 0) {
        at = this.#readHeader(chunk, at);
      } else {
        const end = Math.min(chunk.length, at + this.#payloadLeft);
        this.#payloadLeft -= end - at;
        this.#receiver?.push(chunk, at, end);
        at = end;
      }
    }
  }

  #readHeader(chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + MUX_HEADER_BYTES - this.#headerBytes);
    chunk.copy(this.#header, this.#headerBytes, start, end);
    this.#headerBytes += end - start;
    if (this.#headerBytes === MUX_HEADER_BYTES) this.#beginFrame();
    return end;
  }

  #beginFrame(): void {
    const connection = this.#header.readUInt32BE(0);
    const length = this.#header.readUInt32BE(4);
    if (length > MAX_MUX_PAYLOAD_BYTES) {
      const what = `a frame of ${length} bytes on connection ${connection}; the limit is ${MAX_MUX_PAYLOAD_BYTES}`;
      throw new NriError("MUX_FRAME_TOO_LARGE", what);
    }
    this.#headerBytes = 0;
    this.#payloadLeft = length;
    this.#receiver = this.#receivers.get(connection);
  }
}

/** Writes a frame header and returns where the payload goes. */
export function writeMuxHeader(target: Buffer, at: number, connection: number, length: number): number {
  target.writeUInt32BE(connection, at);
  return target.writeUInt32BE(length, at + 4);
}
