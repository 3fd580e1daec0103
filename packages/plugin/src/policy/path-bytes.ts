/** Paths as bytes from `start` to `end`: a create compares some 60 of them, and as strings they would take most of its time. */

export const SLASH = 0x2f;
const DOT = 0x2e;
const FIRST_NOT_ASCII = 0x80;

/**
 * True for nearly every path: absolute, clean and ASCII. A component that begins with a dot (most are `.` or `..`, a hidden
 * file takes the longer way for nothing) is not, nor is `/`.
 */
export function isPlain(bytes: Buffer, start: number, end: number): boolean {
  if (start === end || bytes[start] !== SLASH || bytes[end - 1] === SLASH) return false;
  let bits = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    bits |= byte;
    if (byte === SLASH && (bytes[at + 1] === SLASH || bytes[at + 1] === DOT)) return false;
  }
  return bits < FIRST_NOT_ASCII;
}

/** True if `prefix` stands at `start`. */
export function startsWith(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  const { length } = prefix;
  // The last byte first: paths of one directory begin alike.
  if (end - start < length || bytes[start + length - 1] !== prefix[length - 1]) return false;
  for (let index = 0; index < length; index++) {
    if (bytes[start + index] !== prefix[index]) return false;
  }
  return true;
}

/** True if two paths in the same bytes are the same. */
export function isSame(bytes: Buffer, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  const length = end - start;
  if (length !== otherEnd - otherStart) return false;
  for (let index = length - 1; index >= 0; index--) {
    if (bytes[start + index] !== bytes[otherStart + index]) return false;
  }
  return true;
}

/** Where the first slash is, or -1. */
export function indexOfSlash(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (bytes[at] === SLASH) return at;
  }
  return -1;
}
