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

/** A view class: scans the bytes from the reader's position to `end`. */
export type ViewClass<T> = new (reader: BinaryReader, end: number) => T;

export const NO_ITEMS: readonly never[] = Object.freeze([]);
export const NO_ENTRIES: ReadonlyMap<never, never> = new Map<never, never>();
export const NO_BYTES: Uint8Array = new Uint8Array(0);

export abstract class View {
  protected readonly reader: BinaryReader;
  protected readonly end: number;

  constructor(reader: BinaryReader, end: number) {
    this.reader = reader;
    this.end = end;
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
  return new type(new BinaryReader(bytes, decodeUtf8), bytes.length);
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

// Not the library's TextDecoder, which drops a leading U+FEFF: an argument must come out as it went in.
export function decodeUtf8(bytes: Uint8Array): string {
  return asBuffer(bytes).toString("utf8");
}

export function malformed(type: string, cause: unknown): NriError {
  if (cause instanceof NriError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new NriError("MALFORMED_MESSAGE", `${type} is not valid protobuf: ${why}`, { cause });
}

export function checkEnd(reader: BinaryReader, end: number): void {
  if (reader.pos !== end) throw new RangeError(`a field reaches ${reader.pos - end} bytes past the end of its message`);
}

/** Skips the field whose tag is at `at`, whatever it is. */
export function skipUnknown(reader: BinaryReader, at: number): void {
  reader.pos = at;
  const [fieldNumber, wireType] = reader.tag();
  reader.skip(wireType, fieldNumber);
}

export function skipLengthDelimited(reader: BinaryReader): void {
  const length = reader.uint32();
  reader.pos += length;
}

/** Reads a number of any width to the end, so that a getter can rely on it. */
export function skipVarint(reader: BinaryReader): void {
  reader.uint32();
}
