/**
 * The hash tree of dm-verity, and how a Kata configuration names it (`kernel_verity_params`). `veritysetup` makes the same
 * tree, but wants each partition as a file of its own; the format is short and does not change:
 * https://docs.kernel.org/admin-guide/device-mapper/verity.html
 */
import { createHash } from "node:crypto";

/** What the kernel is told on its command line. Sizes in bytes; hash and salt in hex. */
export interface VerityParameters {
  readonly rootHash: string;
  readonly salt: string;
  readonly dataBlocks: number;
  readonly dataBlockSize: number;
  readonly hashBlockSize: number;
}

const digestSize = 32;

/** Reads `root_hash=…,salt=…,data_blocks=…,data_block_size=…,hash_block_size=…`; undefined where that is not what it says. */
export function parseVerityParameters(text: string): VerityParameters | undefined {
  const entries = text.split(",").map((part) => part.split("="));
  const values = new Map(entries.map(([key = "", value = ""]) => [key.trim(), value.trim()]));
  if (entries.some((entry) => entry.length !== 2) || values.size !== entries.length || values.size !== 5)
    return undefined;
  const number = (key: string): number => (/^[1-9]\d{0,11}$/.test(values.get(key) ?? "") ? Number(values.get(key)) : 0);
  const rootHash = values.get("root_hash") ?? "";
  const salt = values.get("salt") ?? "";
  const [dataBlocks, dataBlockSize, hashBlockSize] = [
    number("data_blocks"),
    number("data_block_size"),
    number("hash_block_size"),
  ];
  if (!/^[0-9a-f]{64}$/.test(rootHash) || !/^(?:[0-9a-f]{2}){0,256}$/.test(salt) || dataBlocks === 0) return undefined;
  if (![dataBlockSize, hashBlockSize].every((size) => [512, 1024, 2048, 4096].includes(size))) return undefined;
  return { rootHash, salt, dataBlocks, dataBlockSize, hashBlockSize };
}

/** The reverse of `parseVerityParameters`, in the order in which Kata writes them. */
export function formatVerityParameters(parameters: VerityParameters): string {
  const { rootHash, salt, dataBlocks, dataBlockSize, hashBlockSize } = parameters;
  return `root_hash=${rootHash},salt=${salt},data_blocks=${dataBlocks},data_block_size=${dataBlockSize},hash_block_size=${hashBlockSize}`;
}

/** Makes the tree of version 1 (salt first, SHA-256) without a superblock. `data` are all data blocks, in pieces of any size. */
export async function hashTree(
  data: AsyncIterable<Buffer>,
  { salt, dataBlockSize, hashBlockSize }: Pick<VerityParameters, "salt" | "dataBlockSize" | "hashBlockSize">,
): Promise<{ rootHash: string; tree: Buffer; dataBlocks: number }> {
  const saltBytes = Buffer.from(salt, "hex");
  const digest = (block: Uint8Array): Buffer => createHash("sha256").update(saltBytes).update(block).digest();
  const digests: Buffer[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of data) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let used = 0;
    for (; used + dataBlockSize <= rest.length; used += dataBlockSize) {
      digests.push(digest(rest.subarray(used, used + dataBlockSize)));
    }
    rest = rest.subarray(used);
  }
  if (rest.length > 0 || digests.length === 0) throw new RangeError("the data is no whole number of blocks");

  // Leaves first; on disk the top comes first.
  const levels = [pack(digests, hashBlockSize)];
  for (let level = levels[0] ?? []; level.length > 1;) {
    level = pack(level.map(digest), hashBlockSize);
    levels.unshift(level);
  }
  const top = levels[0]?.[0] ?? Buffer.alloc(hashBlockSize);
  return { rootHash: digest(top).toString("hex"), tree: Buffer.concat(levels.flat()), dataBlocks: digests.length };
}

/** Hash blocks full of digests, the last one filled up with zeros. */
function pack(digests: readonly Buffer[], blockSize: number): Buffer[] {
  const perBlock = blockSize / digestSize;
  return Array.from({ length: Math.ceil(digests.length / perBlock) }, (_, index) => {
    const block = Buffer.alloc(blockSize);
    Buffer.concat(digests.slice(index * perBlock, (index + 1) * perBlock)).copy(block);
    return block;
  });
}
