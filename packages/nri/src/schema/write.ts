/** What the generated writers are built on: plain object literals in, protobuf bytes out. */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { NriError } from "../errors.ts";
import { asBuffer } from "./view.ts";

/** A 64-bit integer; a number must be a whole one. */
export type Int64Init = bigint | number;
export type StringMapInit<V> = ReadonlyMap<string, V> | Readonly<Record<string, V>>;
export type NumberMapInit<V> = ReadonlyMap<number, V> | Readonly<Record<number, V>>;

/** A generated writer: appends the fields of `message` that differ from their defaults. */
export type WriteMessage<T> = (writer: BinaryWriter, message: T) => void;

/** Used again for every message: its buffer has grown to the size of the usual ones. */
let scratch = new BinaryWriter();

/** A buffer that had to hold more than this is not kept. */
const KEPT_BYTES = 64 * 1024;

/** Messages that {@link preencoded} made, and their bytes. */
const encodedBefore = new WeakMap<object, Buffer>();

/** The bytes of a message. Throws UNENCODABLE_MESSAGE when a field holds what its type cannot carry. */
export function encode<T>(write: WriteMessage<T>, message: T): Buffer {
  const known = bytesFromBefore(message);
  if (known !== undefined) return known;
  try {
    write(scratch, message);
  } catch (cause) {
    scratch = new BinaryWriter();
    // The message may be a view, which is decoded while it is written.
    if (cause instanceof NriError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new NriError("UNENCODABLE_MESSAGE", `the message cannot be sent: ${why}`, { cause });
  }
  const bytes = scratch.finish();
  if (bytes.length > KEPT_BYTES) scratch = new BinaryWriter();
  return asBuffer(bytes);
}

/** The bytes of a message that has this message as its only field. */
export function encodeField<T>(tag: number, write: WriteMessage<T>, message: T): Buffer {
  return encode((target, field) => writeMessage(target, tag, field, write), message);
}

/** A copy of a large message that is sent often. It is encoded here, once, so it must not be changed any more. */
export function preencoded<T extends object>(write: WriteMessage<T>, message: T): T {
  const copy = { ...message };
  encodedBefore.set(copy, encode(write, message));
  return copy;
}

function bytesFromBefore(message: unknown): Buffer | undefined {
  return typeof message === "object" && message !== null ? encodedBefore.get(message) : undefined;
}

export function writeMessage<T>(writer: BinaryWriter, tag: number, message: T, write: WriteMessage<T>): void {
  const bytes = bytesFromBefore(message);
  if (bytes !== undefined) {
    writer.uint32(tag).bytes(bytes);
    return;
  }
  writer.uint32(tag).fork();
  write(writer, message);
  writer.join();
}

export function writeMessages<T>(
  writer: BinaryWriter,
  tag: number,
  messages: readonly T[],
  write: WriteMessage<T>,
): void {
  for (const message of messages) writeMessage(writer, tag, message, write);
}

export function writeStrings(writer: BinaryWriter, tag: number, strings: readonly string[]): void {
  for (const value of strings) writer.uint32(tag).string(value);
}

/** Numbers go out packed, as proto3 wants them; `tag` is that of the packed field. */
export function writePacked(
  writer: BinaryWriter,
  tag: number,
  numbers: readonly number[],
  write: "int32" | "uint32",
): void {
  if (numbers.length === 0) return;
  writer.uint32(tag).fork();
  for (const value of numbers) writer[write](value);
  writer.join();
}

export function writeStringMap(writer: BinaryWriter, tag: number, map: StringMapInit<string>): void {
  for (const [key, value] of entries(map)) {
    writer.uint32(tag).fork().uint32(KEY_STRING).string(String(key)).uint32(VALUE).string(value).join();
  }
}

export function writeNumberMap(writer: BinaryWriter, tag: number, map: NumberMapInit<string>): void {
  for (const [key, value] of entries(map)) {
    writer.uint32(tag).fork().uint32(KEY_NUMBER).int32(Number(key)).uint32(VALUE).string(value).join();
  }
}

export function writeStringMessageMap<T>(
  writer: BinaryWriter,
  tag: number,
  map: StringMapInit<T>,
  write: WriteMessage<T>,
): void {
  for (const [key, value] of entries(map)) {
    writer.uint32(tag).fork().uint32(KEY_STRING).string(String(key));
    writeMessage(writer, VALUE, value, write);
    writer.join();
  }
}

export function writeNumberMessageMap<T>(
  writer: BinaryWriter,
  tag: number,
  map: NumberMapInit<T>,
  write: WriteMessage<T>,
): void {
  for (const [key, value] of entries(map)) {
    writer.uint32(tag).fork().uint32(KEY_NUMBER).int32(Number(key));
    writeMessage(writer, VALUE, value, write);
    writer.join();
  }
}

// A map entry is a message with the key as field 1 and the value as field 2.
const KEY_STRING = 10;
const KEY_NUMBER = 8;
const VALUE = 18;

function entries<V>(map: StringMapInit<V> | NumberMapInit<V>): Iterable<[string | number, V]> {
  return map instanceof Map ? map : Object.entries(map);
}
