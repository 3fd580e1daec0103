/** Where things are in a raw Kata image. */
import { z } from "zod";
import { KataImageError } from "./errors.ts";

/** A run of bytes of the image. */
export interface Extent {
  readonly offset: number;
  readonly size: number;
}

export interface Partitions {
  readonly rootfs: Extent;
  /** The dm-verity hash tree of an image that was built measured. */
  readonly hashes: Extent | undefined;
}

/** What `sfdisk --json` prints, as far as it is used. */
const table = z.object({
  partitiontable: z.object({
    label: z.string(),
    unit: z.literal("sectors"),
    sectorsize: z.number().int().positive().default(512),
    partitions: z.array(z.object({ start: z.number().int().nonnegative(), size: z.number().int().positive() })).min(1),
  }),
});

/**
 * Reads what `sfdisk --json` said of an image of `imageSize` bytes. Kata's images have the root file system in their
 * first partition, and the hash tree in the second if there is one; the DAX header in front of some is no partition.
 * @throws {KataImageError} KF_KATA_IMAGE_LAYOUT
 */
export function readPartitions(image: string, json: string, imageSize: number): Partitions {
  const parsed = table.safeParse(parseJson(json));
  if (!parsed.success)
    throw new KataImageError("KF_KATA_IMAGE_LAYOUT", image, "it has no partition table with a partition");
  const { label, sectorsize, partitions } = parsed.data.partitiontable;
  const [rootfs, hashes, ...others] = partitions.map(({ start, size }) => ({
    offset: start * sectorsize,
    size: size * sectorsize,
  }));
  if (rootfs === undefined || others.length > 0) {
    const what = `its ${label} table has ${partitions.length} partitions, where Kata's images have one or two`;
    throw new KataImageError("KF_KATA_IMAGE_LAYOUT", image, what);
  }
  for (const { offset, size } of [rootfs, ...(hashes ? [hashes] : [])]) {
    if (offset + size <= imageSize) continue;
    const what = `a partition ends at byte ${offset + size}, the file at ${imageSize}: it is cut off`;
    throw new KataImageError("KF_KATA_IMAGE_LAYOUT", image, what);
  }
  return { rootfs, hashes };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The names of file systems by their magic number: position in the partition, bytes in hex. */
const magics = [
  { name: "ext4", at: 0x438, bytes: "53ef" },
  { name: "erofs", at: 0x400, bytes: "e2e1f5e0" },
  { name: "xfs", at: 0, bytes: "58465342" },
  { name: "squashfs", at: 0, bytes: "68737173" },
] as const;

/** How many of a partition's first bytes `fileSystemOf` wants. */
export const fileSystemBytes = 0x800;

/** The name of the file system that begins with `head`; "ext4" for its elder brothers too. */
export function fileSystemOf(head: Buffer): string {
  const found = magics.find(({ at, bytes }) => head.subarray(at, at + bytes.length / 2).toString("hex") === bytes);
  return found?.name ?? "none that is known";
}
