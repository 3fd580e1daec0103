import { createHash } from "node:crypto";
import { assert, asyncProperty, integer } from "fast-check";
import { describe, expect, test } from "vitest";
import { formatVerityParameters, hashTree, parseVerityParameters } from "./verity.ts";

const salt = "000102030405060708090a0b0c0d0e0f";
const sizes = { salt, dataBlockSize: 4096, hashBlockSize: 4096 };

/** 300 blocks, so two levels of hashes. */
function data(): Buffer {
  return Buffer.from(Array.from({ length: 300 * 4096 }, (_, index) => (index * 7 + (index >> 12)) & 255));
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe("hashTree", () => {
  test("is what veritysetup 2.6.1 made of the same bytes", async () => {
    const { rootHash, tree, dataBlocks } = await hashTree(pieces(data(), 65536), sizes);
    expect(rootHash).toBe("e3d33c86f6946a6c602c320e2197c4d04d73f71d47ed4a4adebc84c0396de55e");
    expect(createHash("sha256").update(tree).digest("hex")).toBe(
      "51d8dfb9ae94512f5ae1a7c41fac5c8fb971fdf417ec5a826fd988a3197b4a32",
    );
    expect([tree.length, dataBlocks]).toEqual([4 * 4096, 300]);
  });

  test("does not depend on how the bytes arrive", async () => {
    const bytes = data();
    const { rootHash } = await hashTree(pieces(bytes, bytes.length), sizes);
    await assert(
      asyncProperty(integer({ min: 512, max: 100_000 }), async (size) => {
        expect((await hashTree(pieces(bytes, size), sizes)).rootHash).toBe(rootHash);
      }),
      { numRuns: 10 },
    );
  });

  test("sees a changed bit", async () => {
    const [one, other] = [data(), data()];
    other.writeUInt8(other.readUInt8(1_000_000) ^ 1, 1_000_000);
    const roots = await Promise.all([one, other].map((bytes) => hashTree(pieces(bytes, 4096), sizes)));
    expect(roots[0]?.rootHash).not.toBe(roots[1]?.rootHash);
  });

  test("refuses what is no whole number of blocks", async () => {
    await expect(hashTree(pieces(Buffer.alloc(5000), 5000), sizes)).rejects.toThrow(RangeError);
    await expect(hashTree(pieces(Buffer.alloc(0), 1), sizes)).rejects.toThrow(RangeError);
  });
});

describe("kernel_verity_params", () => {
  const text = `root_hash=${"a1".repeat(32)},salt=${salt},data_blocks=64000,data_block_size=4096,hash_block_size=4096`;

  test("there and back", () => {
    const parameters = parseVerityParameters(text);
    expect(parameters).toMatchObject({ dataBlocks: 64000, dataBlockSize: 4096, salt });
    expect(parameters && formatVerityParameters(parameters)).toBe(text);
  });

  test.each([
    "",
    "root_hash=",
    text.replace("a1", "zz"),
    text.replace("64000", "0"),
    text.replace("64000", "6e4"),
    text.replace("data_block_size=4096", "data_block_size=4097"),
    text.replace(`salt=${salt}`, "salt=abc"),
    text.replace(",hash_block_size=4096", ""),
    `${text},hash_block_size=4096`,
    `${text},x=y`,
  ])("refuses %j", (bad) => {
    expect(parseVerityParameters(bad)).toBeUndefined();
  });
});
