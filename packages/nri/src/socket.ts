/** The unix socket to the peer: bytes in, bytes out, one close. */
import net from "node:net";
import { NriError } from "./errors.ts";

/** Where the runtime is: a socket to connect to, or one that is already connected (a plugin the runtime started). */
export type Endpoint = { readonly path: string } | { readonly fd: number };

export interface SocketListener {
  connected(): void;
  /** The chunk is only valid during the call: its memory is used again for the next one. Whatever it throws closes the socket. */
  received(chunk: Buffer): void;
  /** Called once. Without an error either side closed in good order. */
  closed(error: NriError | undefined): void;
}

const READ_BUFFER_BYTES = 64 * 1024;

/** What may wait for a peer that does not read: more than any sequence of legitimate answers. */
const MAX_UNSENT_BYTES = 32 * 1024 * 1024;

/** How long a peer has to close its end after we closed ours. */
const PEER_CLOSE_LIMIT_MS = 300;

export class NriSocket {
  readonly #socket: net.Socket;
  readonly #listener: SocketListener;
  #error: NriError | undefined;

  private constructor(listener: SocketListener, open: (read: (chunk: Buffer) => void) => net.Socket) {
    this.#listener = listener;
    this.#socket = open((chunk) => this.#read(chunk));
    this.#socket.on("error", (cause) => this.#failed(cause));
    this.#socket.on("close", () => this.#listener.closed(this.#error));
  }

  /** Connects, or takes over the file descriptor; the listener hears of the rest. */
  static open(endpoint: Endpoint, listener: SocketListener): NriSocket {
    if ("path" in endpoint) {
      const { path } = endpoint;
      const socket = new NriSocket(listener, (read) => net.connect({ path, onread: intoOneBuffer(read) }));
      socket.#socket.once("connect", () => listener.connected());
      return socket;
    }
    const socket = new NriSocket(listener, (read) => openFd(endpoint.fd, intoOneBuffer(read)));
    process.nextTick(() => listener.connected());
    return socket;
  }

  /** Takes over a socket that a server accepted. */
  static adopt(accepted: net.Socket, listener: SocketListener): NriSocket {
    const socket = new NriSocket(listener, (read) => accepted.on("data", read));
    process.nextTick(() => listener.connected());
    return socket;
  }

  /**
   * Hands the bytes to the kernel, or queues them; false when the socket is closed. One call is one write, so frames of
   * different messages never mix.
   */
  write(bytes: Buffer): boolean {
    if (!this.#socket.writable) return false;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) {
      const unsent = this.#socket.writableLength;
      this.destroy(new NriError("CONNECTION_STALLED", `${unsent} bytes wait for a runtime that does not read`));
    }
    return true;
  }

  /**
   * Sends what was written and then the end. Closed when the peer has closed its end too: a runtime that has done so knows
   * that this plugin is gone. A peer that takes longer than PEER_CLOSE_LIMIT_MS is left.
   */
  end(): void {
    const timer = setTimeout(() => this.#socket.destroy(), PEER_CLOSE_LIMIT_MS);
    this.#socket.once("close", () => clearTimeout(timer));
    this.#socket.end();
  }

  /** Closes at once. */
  destroy(error?: NriError): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  #read(chunk: Buffer): void {
    try {
      this.#listener.received(chunk);
    } catch (cause) {
      this.destroy(cause instanceof NriError ? cause : unexpected(cause));
    }
  }

  #failed(cause: NodeJS.ErrnoException): void {
    const code = cause.syscall === "connect" ? "CONNECT_FAILED" : "CONNECTION_CLOSED";
    this.#error ??= new NriError(code, cause.message, { cause });
  }
}

/** One buffer for all reads of a socket, instead of a new one for each. */
function intoOneBuffer(read: (chunk: Buffer) => void): net.OnReadOpts {
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  return {
    buffer,
    callback(length) {
      read(buffer.subarray(0, length));
      return true;
    },
  };
}

function openFd(fd: number, onread: net.OnReadOpts): net.Socket {
  try {
    return new net.Socket({ fd, readable: true, writable: true, onread });
  } catch (cause) {
    throw new NriError("INVALID_SOCKET_FD", `file descriptor ${fd} is no connected socket`, { cause });
  }
}

function unexpected(cause: unknown): NriError {
  return new NriError("TTRPC_PROTOCOL", `cannot process what the peer sent: ${String(cause)}`, { cause });
}
