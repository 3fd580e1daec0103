/** How much of a file {@link findLoader} needs: the header and, in every linker's output, the program headers. */
export const ELF_PREFIX_BYTES = 4096;

const PT_INTERP = 3;

/**
 * Looks for a dynamic loader in the first bytes of an ELF program (elf(5)). The loader would be the image's, and run
 * before the sandbox. Returns "static", or why it is not.
 */
export function findLoader(prefix: Buffer): "static" | { readonly reason: string } {
  if (prefix.length < 64 || prefix.readUInt32BE(0) !== 0x7f454c46) return { reason: "it is no ELF program" };
  const is64 = prefix[4] === 2;
  const isLittleEndian = prefix[5] === 1;
  const read16 = (at: number): number => (isLittleEndian ? prefix.readUInt16LE(at) : prefix.readUInt16BE(at));
  const read32 = (at: number): number => (isLittleEndian ? prefix.readUInt32LE(at) : prefix.readUInt32BE(at));
  const read64 = (at: number): number =>
    read32(isLittleEndian ? at : at + 4) + read32(isLittleEndian ? at + 4 : at) * 2 ** 32;
  const tableAt = is64 ? read64(0x20) : read32(0x1c);
  const entryBytes = read16(is64 ? 0x36 : 0x2a);
  const entryCount = read16(is64 ? 0x38 : 0x2c);
  if (entryBytes < 32 || entryCount === 0 || tableAt + entryBytes * entryCount > prefix.length) {
    return { reason: "its ELF program headers cannot be read" };
  }
  for (let index = 0; index < entryCount; index++) {
    if (read32(tableAt + index * entryBytes) === PT_INTERP) return { reason: "it is dynamically linked" };
  }
  return "static";
}
