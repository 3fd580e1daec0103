/**
 * What the generated classes are built on. A view is a message that was scanned once, when it was constructed: each field
 * holds the position of its value until a getter asks for it, and the value afterwards.
 *
 * All views of one message share one reader; every read sets its position first. Views keep the bytes of the whole
 * message alive, so whoever keeps a value for long keeps the value and not the view.
 */
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { NriError } from "../errors.ts";
import { plain } from "./plain.ts";

/** A field that was not read yet (the position of its value), or its value. */
export type Slot<T> = T | number;

/**
 * The library's reader, with strings that are quicker for Buffers and keep a leading U+FEFF, which TextDecoder drops.
 * Nearly all are ASCII, and looking first saves most of what decoding UTF-8 takes.
 */
export class MessageReader extends BinaryReader {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    super(bytes);
    this.#bytes = bytes;
  }

  /** As uint32, which the library keeps as a property of each reader: V8 cannot inline it, and nearly all take one byte. */
  varint(): number {
    const byte = this.#bytes[this.pos];
    if (byte === undefined || byte >= CONTINUES) return this.uint32();
    this.pos++;
    return byte;
  }

  /** True if the bytes from `at` to `end` begin with the text, which must be ASCII. */
  startsWith(text: string, at: number, end: number): boolean {
    if (end - at < text.length) return false;
    for (let index = 0; index < text.length; index++) {
      if (this.#bytes[at + index] !== text.charCodeAt(index)) return false;
    }
    return true;
  }

  /** What every position counts in. */
  get all(): Buffer {
    return this.#bytes;
  }

  slice(from: number, to: number): Buffer {
    return this.#bytes.subarray(from, to);
  }

  override string(): string {
    const length = this.varint();
    const start = this.pos;
    const end = start + length;
    if (end > this.len) throw new RangeError("premature EOF");
    this.pos = end;
    return this.text(start, end);
  }

  /** Invalid UTF-8 is replaced: NRI carries what a pod's author wrote, and that must not stop a plugin. */
  text(start: number, end: number): string {
    return this.#bytes.toString(isAscii(this.#bytes, start, end) ? "latin1" : "utf8", start, end);
  }
}

/** A varint's byte from here on is not its last one. */
export const CONTINUES = 0x80;

/** The first byte that is no ASCII character. */
const FIRST_NOT_ASCII = 0x80;

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  let bits = 0;
  for (let at = start; at < end; at++) bits |= bytes[at] ?? 0;
  return bits < FIRST_NOT_ASCII;
}

/** A view class: scans the bytes from the reader's position to `end`. */
export type ViewClass<T> = new (reader: MessageReader, end: number) => T;

export const NO_ITEMS: readonly never[] = Object.freeze([]);
export const NO_ENTRIES: ReadonlyMap<never, never> = new Map<never, never>();
export const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Every generated class declares the three fields itself: set here, for twenty classes in one place, they would be stored
 * the slow way V8 keeps for objects of many shapes.
 */
export abstract class View {
  protected abstract readonly reader: MessageReader;
  protected abstract readonly start: number;
  protected abstract readonly end: number;

  /** The message as it came, within the bytes that it came in. */
  static bytesOf(view: View): Buffer {
    const { reader, start, end } = view;
    return reader.slice(start, end);
  }

  /** The fields that are set, as JSON has them: 64-bit integers as decimal strings, maps as objects. */
  toJSON(): Record<string, unknown> {
    return plain(this);
  }

  static {
    const forConsole = Symbol.for("nodejs.util.inspect.custom");
    Object.defineProperty(View.prototype, forConsole, {
      value(this: View) {
        return plain(this);
      },
    });
  }
}

/** Opens a message. Throws MALFORMED_MESSAGE when its outer level is no valid protobuf. */
export function decode<T>(type: ViewClass<T>, bytes: Buffer): T {
  return new type(new MessageReader(bytes), bytes.length);
}

/** The bytes of a view's message, as they came; valid as long as the view is. Two equal messages may have different bytes. */
export function bytesOf(view: View): Buffer {
  return View.bytesOf(view);
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function malformed(type: string, cause: unknown): NriError {
  if (cause instanceof NriError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new NriError("MALFORMED_MESSAGE", `${type} is not valid protobuf: ${why}`, { cause });
}

export function checkEnd(reader: MessageReader, end: number): void {
  if (reader.pos !== end) throw new RangeError(`a field reaches ${reader.pos - end} bytes past the end of its message`);
}

/** The smallest tag there is: field number 1. */
const FIRST_TAG = 8;
const VARINT = 0;
const LENGTH_DELIMITED = 2;
const INVALID = -1;

/** Skips a field whose tag was read at `at`; the usual ones without what the library's skip allocates. */
export function skipUnknown(reader: MessageReader, at: number, tag: number): void {
  const wireType = tag >= FIRST_TAG ? tag & 7 : INVALID;
  if (wireType === LENGTH_DELIMITED) {
    skipLengthDelimited(reader);
  } else if (wireType === VARINT) {
    skipVarint(reader);
  } else {
    reader.pos = at;
    const [fieldNumber, type] = reader.tag();
    reader.skip(type, fieldNumber);
  }
}

/** May leave the reader behind the end of the message, which the scan of the message then finds. */
export function skipLengthDelimited(reader: MessageReader): void {
  const length = reader.varint();
  reader.pos += length;
}

/** Reads a number of any width to the end, so that a getter can rely on it. */
export function skipVarint(reader: MessageReader): void {
  reader.uint32();
}
