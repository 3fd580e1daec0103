import { checkEnd, CONTINUES, malformed, type MessageReader, skipUnknown } from "./view.ts";

/** In a message's positions: where it begins, where it ends, and then start and end of each field. */
const FIRST_FIELD = 2;
const LENGTH_DELIMITED = 2;
const FIELD_NUMBER_SHIFT = 3;

/**
 * The messages of a repeated field as positions in the bytes that they came in; no string is made. For handlers that look
 * at all mounts of every container, where decoding is most of the work. Valid as long as the view is that it came from.
 *
 * `item` counts from 0; `field` is the protocol's number of a field with a single string or a list of strings.
 */
export class Spans {
  /** What the positions count in. */
  readonly bytes: Buffer;
  readonly length: number;
  readonly #reader: MessageReader;
  readonly #positions: readonly number[];
  readonly #stride: number;

  /** Scans from the first tag, at `first`, to the end of the message that has the field; `fields` is the highest number of a single string. */
  constructor(reader: MessageReader, first: number, end: number, tag: number, fields: number) {
    const stride = FIRST_FIELD + 2 * fields;
    try {
      this.length = countItems(reader, first, end, tag);
      // Counted first: an array that grows leaves four times its size to the garbage collector.
      // oxlint-disable-next-line no-new-array -- the way to make room for elements that are all set below
      const positions = new Array<number>(this.length * stride);
      reader.pos = first;
      for (let base = 0; base < positions.length; base += stride) {
        skipTo(reader, tag);
        scanItem(reader, positions, base, fields);
      }
      this.#positions = positions;
    } catch (cause) {
      throw malformed("a repeated field", cause);
    }
    this.bytes = reader.all;
    this.#reader = reader;
    this.#stride = stride;
  }

  /** Where a single string begins; the same as its end where it is not set. */
  start(item: number, field: number): number {
    return this.#position(item, 2 * field);
  }

  end(item: number, field: number): number {
    return this.#position(item, 2 * field + 1);
  }

  /** A single string, decoded. */
  text(item: number, field: number): string {
    return this.#reader.text(this.start(item, field), this.end(item, field));
  }

  /** True if the single string is `text`, which must be ASCII. */
  is(item: number, field: number, text: string): boolean {
    const start = this.start(item, field);
    const end = this.end(item, field);
    return end - start === text.length && this.#reader.startsWith(text, start, end);
  }

  /** True if the list of strings has `text`, which must be ASCII. */
  includes(item: number, field: number, text: string): boolean {
    const reader = this.#reader;
    const tag = (field << FIELD_NUMBER_SHIFT) | LENGTH_DELIMITED;
    reader.pos = this.#position(item, 0);
    const end = this.#position(item, 1);
    while (reader.pos < end) {
      const at = reader.pos;
      const found = reader.varint();
      if (found !== tag) {
        skipUnknown(reader, at, found);
        continue;
      }
      const length = reader.varint();
      const start = reader.pos;
      reader.pos += length;
      if (length === text.length && reader.startsWith(text, start, reader.pos)) return true;
    }
    return false;
  }

  #position(item: number, index: number): number {
    const position = index < this.#stride ? this.#positions[item * this.#stride + index] : undefined;
    if (position === undefined) {
      throw new RangeError(
        `there is no single string ${index >> 1} of item ${item}; the list has ${this.length} items`,
      );
    }
    return position;
  }
}

function countItems(reader: MessageReader, first: number, end: number, tag: number): number {
  let count = 0;
  reader.pos = first;
  while (reader.pos < end) {
    const at = reader.pos;
    const found = reader.varint();
    if (found === tag) count++;
    skipUnknown(reader, at, found);
  }
  return count;
}

/** Reads up to the next field with that tag, which there must be. */
function skipTo(reader: MessageReader, tag: number): void {
  for (;;) {
    const at = reader.pos;
    const found = reader.varint();
    if (found === tag) return;
    skipUnknown(reader, at, found);
  }
}

/** Of a single field that occurs more than once, the last counts. */
function scanItem(reader: MessageReader, positions: number[], base: number, fields: number): void {
  const length = reader.varint();
  const start = reader.pos;
  const end = start + length;
  const bytes = reader.all;
  positions[base] = start;
  positions[base + 1] = end;
  for (let index = base + FIRST_FIELD; index < base + FIRST_FIELD + 2 * fields; index++) positions[index] = start;
  while (reader.pos < end) {
    const at = reader.pos;
    let tag = bytes[at] ?? CONTINUES;
    let from = at + 2;
    let to = from + (bytes[at + 1] ?? CONTINUES);
    // Tag and length of nearly every field take one byte each, and going through the reader would take twice as long.
    if (!isLengthDelimited(tag) || tag >= CONTINUES || to - from >= CONTINUES) {
      tag = reader.varint();
      if (isLengthDelimited(tag)) {
        const valueLength = reader.varint();
        from = reader.pos;
        to = from + valueLength;
      } else {
        skipUnknown(reader, at, tag);
        to = reader.pos;
      }
    }
    reader.pos = to;
    const field = tag >> FIELD_NUMBER_SHIFT;
    if (isLengthDelimited(tag) && field <= fields) {
      positions[base + 2 * field] = from;
      positions[base + 2 * field + 1] = to;
    }
  }
  checkEnd(reader, end);
}

/** Without field number 0, which is no field. */
function isLengthDelimited(tag: number): boolean {
  return (tag & 7) === LENGTH_DELIMITED && tag >> FIELD_NUMBER_SHIFT !== 0;
}
