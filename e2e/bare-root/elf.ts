import { readFileSync } from "node:fs";

/** What of a 64-bit little-endian ELF file tells whether anything of an image takes part in its start. */
export interface ElfFacts {
  /** Path of the loader that it asks for, if any. */
  interpreter: string | undefined;
  /** Whether it names a library that must be loaded. */
  needsLibraries: boolean;
  /** Whether any segment is writable and executable at once, the stack included. */
  hasWritableCode: boolean;
  /** Names of its functions and objects; empty once it is stripped. */
  symbols: string[];
}

const segmentTypes = { dynamic: 2, interpreter: 3 };
const dynamicNeeded = 1n;
const sectionSymbols = 2;

/** Reads the facts from `path`. Throws when it is no 64-bit little-endian ELF file. */
export function readElf(path: string): ElfFacts {
  const file = readFileSync(path);
  if (file.toString("latin1", 0, 6) !== "\u007fELF\u0002\u0001") {
    throw new Error(`${path} is no 64-bit little-endian ELF file`);
  }
  const segments = table(file, Number(file.readBigUInt64LE(32)), file.readUInt16LE(54), file.readUInt16LE(56));
  const ofType = (type: number): Buffer[] => segments.filter((segment) => segment.readUInt32LE(0) === type);
  const content = (segment: Buffer): Buffer => slice(file, segment.readBigUInt64LE(8), segment.readBigUInt64LE(32));
  return {
    interpreter: ofType(segmentTypes.interpreter).map((segment) => cString(content(segment), 0))[0],
    needsLibraries: ofType(segmentTypes.dynamic).some((segment) => hasTag(content(segment), dynamicNeeded)),
    hasWritableCode: segments.some((segment) => (segment.readUInt32LE(4) & 3) === 3),
    symbols: symbolNames(file),
  };
}

function hasTag(dynamic: Buffer, tag: bigint): boolean {
  for (let at = 0; at + 16 <= dynamic.length; at += 16) {
    if (dynamic.readBigInt64LE(at) === tag) {
      return true;
    }
  }
  return false;
}

function symbolNames(file: Buffer): string[] {
  const sections = table(file, Number(file.readBigUInt64LE(40)), file.readUInt16LE(58), file.readUInt16LE(60));
  const content = (section: Buffer): Buffer => slice(file, section.readBigUInt64LE(24), section.readBigUInt64LE(32));
  const symbols = sections.find((section) => section.readUInt32LE(4) === sectionSymbols);
  const strings = symbols && sections[symbols.readUInt32LE(40)];
  if (symbols === undefined || strings === undefined) {
    return [];
  }
  const entries = content(symbols);
  const names = content(strings);
  return Array.from({ length: entries.length / 24 }, (_, index) => cString(names, entries.readUInt32LE(index * 24)));
}

function table(file: Buffer, offset: number, entryBytes: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    file.subarray(offset + index * entryBytes, offset + (index + 1) * entryBytes),
  );
}

function slice(file: Buffer, offset: bigint, length: bigint): Buffer {
  return file.subarray(Number(offset), Number(offset + length));
}

function cString(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", at, bytes.indexOf(0, at));
}
