import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";

/** What may wait for a slow reader, in characters, before records are dropped. */
const MAXIMUM_PENDING = 1024 * 1024;
const RETRY_MS = 20;

/** Takes bytes without ever blocking; returns how many it took. Throws when nobody reads any more. */
type Sink = (bytes: Buffer) => number;

/**
 * Writes log lines to a file descriptor without holding up the event loop: lines of one tick go out together, a reader
 * that is slow or gone costs records, never a container's creation.
 */
export class LogDestination {
  readonly #sink: Sink;
  /** Makes the record that tells how many were dropped. */
  readonly #describeDropped: (count: number) => string;
  #lines: string[] = [];
  #pending = 0;
  /** What the sink did not take of lines before. */
  #rest: Buffer | undefined;
  #dropped = 0;
  #scheduled = false;
  #closed = false;

  constructor(fileDescriptor: number, describeDropped: (count: number) => string) {
    this.#sink = openSink(fileDescriptor);
    this.#describeDropped = describeDropped;
  }

  /** Queues a line. */
  write(line: string): void {
    if (this.#closed) return;
    if (this.#pending + (this.#rest?.length ?? 0) + line.length > MAXIMUM_PENDING) {
      this.#dropped++;
      return;
    }
    this.#lines.push(line);
    this.#pending += line.length;
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#flushOrRetry());
    }
  }

  /** Hands over what can be handed over now. */
  flush(): void {
    try {
      for (;;) {
        const bytes = this.#rest ?? this.#takeLines();
        if (bytes === undefined) return;
        const written = this.#sink(bytes);
        this.#rest = written < bytes.length ? bytes.subarray(written) : undefined;
        if (this.#rest !== undefined) return;
      }
    } catch {
      this.#closed = true;
      this.#lines = [];
      this.#pending = 0;
      this.#rest = undefined;
    }
  }

  #takeLines(): Buffer | undefined {
    if (this.#lines.length === 0 && this.#dropped === 0) return undefined;
    if (this.#dropped > 0) this.#lines.push(this.#describeDropped(this.#dropped));
    const bytes = Buffer.from(this.#lines.join(""));
    this.#lines = [];
    this.#pending = 0;
    this.#dropped = 0;
    return bytes;
  }

  #flushOrRetry(): void {
    this.flush();
    if (this.#rest === undefined) this.#scheduled = false;
    else setTimeout(() => this.#flushOrRetry(), RETRY_MS).unref();
  }
}

/**
 * A pipe or terminal is opened anew without blocking: setting O_NONBLOCK on the descriptor itself would set it for every
 * process that shares it. A socket (systemd's journal) cannot be opened anew. A file never blocks.
 */
function openSink(fileDescriptor: number): Sink {
  const status = fstatSync(fileDescriptor);
  if (status.isSocket()) return socketSink(fileDescriptor);
  if (status.isFIFO() || status.isCharacterDevice()) {
    try {
      const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
      return fileSink(openSync(`/proc/self/fd/${fileDescriptor}`, flags));
    } catch {
      return fileSink(fileDescriptor);
    }
  }
  return fileSink(fileDescriptor);
}

function fileSink(fileDescriptor: number): Sink {
  return (bytes) => {
    try {
      return writeSync(fileDescriptor, bytes);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") return 0;
      if (fileDescriptor > 2) closeSync(fileDescriptor);
      throw error;
    }
  };
}

function socketSink(fileDescriptor: number): Sink {
  const socket = new Socket({ fd: fileDescriptor, readable: false, writable: true }).unref();
  socket.on("error", () => socket.destroy());
  return (bytes) => {
    if (socket.destroyed) throw new Error("nobody reads the log");
    if (socket.writableLength > 0) return 0;
    socket.write(bytes);
    return bytes.length;
  };
}
