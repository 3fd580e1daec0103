/**
 * How a getter turns the position of a field into its value. Positions come from the scan, which has checked that the
 * value lies within its message; what the scan could not see (list items, map entries) is checked here.
 */
import { checkEnd, CONTINUES, malformed, MessageReader, skipUnknown, type ViewClass } from "./view.ts";

export function readString(reader: MessageReader, at: number): string {
  reader.pos = at;
  return reader.string();
}

export function readBytes(reader: MessageReader, at: number): Uint8Array {
  reader.pos = at;
  return reader.bytes();
}

export function readInt64(reader: MessageReader, at: number): bigint {
  reader.pos = at;
  return int64(reader);
}

export function readUint64(reader: MessageReader, at: number): bigint {
  reader.pos = at;
  return uint64(reader);
}

/** Where the occurrences of a message field are, from first to last. */
export type Occurrences = number | number[];

export function occursAgain(slot: unknown, at: number): Occurrences {
  if (!Array.isArray(slot)) return typeof slot === "number" ? [slot, at] : at;
  slot.push(at);
  return slot;
}

/** Protobuf merges a message that occurs more than once, which is the same as reading all of them end to end. */
export function readMessage<T>(reader: MessageReader, at: Occurrences, type: ViewClass<T>): T {
  if (typeof at === "number") {
    reader.pos = at;
    return message(reader, type);
  }
  const joined = Buffer.concat(at.map((position) => readBytes(reader, position)));
  return new type(new MessageReader(joined), joined.length);
}

/** Reads one value at the reader's position. */
export type ReadItem<T> = (reader: MessageReader) => T;

export const string: ReadItem<string> = (reader) => reader.string();
export const bool: ReadItem<boolean> = (reader) => reader.bool();
export const int32: ReadItem<number> = (reader) => reader.int32();
export const uint32: ReadItem<number> = (reader) => reader.uint32();
export const int64: ReadItem<bigint> = (reader) => BigInt(reader.int64());
export const uint64: ReadItem<bigint> = (reader) => BigInt(reader.uint64());

export function message<T>(reader: MessageReader, type: ViewClass<T>): T {
  const length = reader.varint();
  return new type(reader, reader.pos + length);
}

/** The items of a repeated field: from its first tag, at `first`, to the end of the message. */
export function readList<T>(
  reader: MessageReader,
  first: number,
  end: number,
  tag: number,
  item: ReadItem<T>,
): readonly T[] {
  const items: T[] = [];
  // A list of numbers may also come packed: one length-delimited field with all of them.
  const packed = (tag & 7) === 2 ? 0 : (tag & ~7) | 2;
  reader.pos = first;
  try {
    while (reader.pos < end) {
      const at = reader.pos;
      const found = reader.varint();
      if (found === tag) items.push(item(reader));
      else if (found === packed) readPacked(reader, items, item);
      else skipUnknown(reader, at, found);
    }
  } catch (cause) {
    throw malformed("a repeated field", cause);
  }
  return items;
}

/** As readList, for strings: most of what plugins read, and the call of `item` for each of them would be slower. */
export function readStrings(reader: MessageReader, first: number, end: number, tag: number): readonly string[] {
  const items: string[] = [];
  reader.pos = first;
  try {
    while (reader.pos < end) {
      const at = reader.pos;
      const found = reader.varint();
      if (found === tag) items.push(reader.string());
      else skipUnknown(reader, at, found);
    }
  } catch (cause) {
    throw malformed("a repeated field", cause);
  }
  return items;
}

/** Those of the strings that begin with one of the prefixes, which must be ASCII; only these are decoded. */
export function readStringsWith(
  reader: MessageReader,
  first: number,
  end: number,
  tag: number,
  prefixes: readonly string[],
): readonly string[] {
  const items: string[] = [];
  const bytes = reader.all;
  let at = first;
  try {
    while (at < end) {
      let start = at + 2;
      let next = start + (bytes[at + 1] ?? CONTINUES);
      // Nearly always tag and length take a byte each, and going through the reader would take twice as long.
      if (bytes[at] !== tag || next - start >= CONTINUES) {
        reader.pos = at;
        const found = reader.varint();
        if (found !== tag) {
          skipUnknown(reader, at, found);
          at = reader.pos;
          continue;
        }
        const length = reader.varint();
        start = reader.pos;
        next = start + length;
      }
      for (const prefix of prefixes) {
        if (!reader.startsWith(prefix, start, next)) continue;
        items.push(reader.text(start, next));
        break;
      }
      at = next;
    }
  } catch (cause) {
    throw malformed("a repeated field", cause);
  }
  return items;
}

function readPacked<T>(reader: MessageReader, items: T[], item: ReadItem<T>): void {
  const length = reader.varint();
  const end = reader.pos + length;
  while (reader.pos < end) items.push(item(reader));
  checkEnd(reader, end);
}

export function readMessages<T>(
  reader: MessageReader,
  first: number,
  end: number,
  tag: number,
  type: ViewClass<T>,
): readonly T[] {
  const items: T[] = [];
  reader.pos = first;
  try {
    while (reader.pos < end) {
      const at = reader.pos;
      const found = reader.varint();
      if (found === tag) items.push(message(reader, type));
      else skipUnknown(reader, at, found);
    }
  } catch (cause) {
    throw malformed("a repeated field", cause);
  }
  return items;
}

/** The value of one key of a map of strings, as {@link readMap} has it; only this is decoded. The key must be ASCII. */
export function readValue(
  reader: MessageReader,
  first: number,
  end: number,
  tag: number,
  key: string,
): string | undefined {
  let value: string | undefined;
  reader.pos = first;
  try {
    while (reader.pos < end) {
      const at = reader.pos;
      const found = reader.varint();
      if (found === tag) value = valueOfEntry(reader, key) ?? value;
      else skipUnknown(reader, at, found);
    }
  } catch (cause) {
    throw malformed("a map", cause);
  }
  return value;
}

/** The value of the entry at the reader's position, or undefined if it is another key's. */
function valueOfEntry(reader: MessageReader, key: string): string | undefined {
  const length = reader.varint();
  const end = reader.pos + length;
  let isKey = key === "";
  let valueAt = -1;
  while (reader.pos < end) {
    const at = reader.pos;
    const found = reader.varint();
    if (found === stringKey.tag) {
      const keyLength = reader.varint();
      isKey = keyLength === key.length && reader.startsWith(key, reader.pos, reader.pos + keyLength);
      reader.pos += keyLength;
    } else {
      if (found === stringValue.tag) valueAt = reader.pos;
      skipUnknown(reader, at, found);
    }
  }
  checkEnd(reader, end);
  if (!isKey) return undefined;
  const value = valueAt === -1 ? "" : readString(reader, valueAt);
  reader.pos = end;
  return value;
}

/** How the keys or values of a map are written: their tag within an entry, and the value of an entry without it. */
export interface MapPart<T> {
  readonly tag: number;
  readonly item: ReadItem<T>;
  readonly absent: (reader: MessageReader) => T;
}

export const stringKey: MapPart<string> = { tag: 10, item: string, absent: () => "" };
export const int32Key: MapPart<number> = { tag: 8, item: int32, absent: () => 0 };
export const stringValue: MapPart<string> = { tag: 18, item: string, absent: () => "" };

export function messageValue<T>(type: ViewClass<T>): MapPart<T> {
  return { tag: 18, item: (reader) => message(reader, type), absent: (reader) => new type(reader, reader.pos) };
}

/** The entries of a map, from its first tag; of two entries with one key, the later wins. */
export function readMap<K, V>(
  reader: MessageReader,
  first: number,
  end: number,
  tag: number,
  key: MapPart<K>,
  value: MapPart<V>,
): ReadonlyMap<K, V> {
  const map = new Map<K, V>();
  reader.pos = first;
  try {
    while (reader.pos < end) {
      const at = reader.pos;
      const found = reader.varint();
      if (found === tag) readEntry(reader, map, key, value);
      else skipUnknown(reader, at, found);
    }
  } catch (cause) {
    throw malformed("a map", cause);
  }
  return map;
}

function readEntry<K, V>(reader: MessageReader, map: Map<K, V>, key: MapPart<K>, value: MapPart<V>): void {
  const length = reader.varint();
  const end = reader.pos + length;
  let k: K | undefined;
  let v: V | undefined;
  while (reader.pos < end) {
    const at = reader.pos;
    const found = reader.varint();
    if (found === key.tag) k = key.item(reader);
    else if (found === value.tag) v = value.item(reader);
    else skipUnknown(reader, at, found);
  }
  checkEnd(reader, end);
  map.set(k ?? key.absent(reader), v ?? value.absent(reader));
}
