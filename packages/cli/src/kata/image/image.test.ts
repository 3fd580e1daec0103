import { assert, property, string, uint8Array } from "fast-check";
import { describe, expect, test } from "vitest";
import { KataImageError } from "./errors.ts";
import { isPlainPath } from "./ext4.ts";
import { fileSystemBytes, fileSystemOf, readPartitions } from "./partitions.ts";
import { runProgram } from "./program.ts";

const megabyte = 1024 * 1024;

/** What sfdisk prints of partitions given as [first sector, sectors]. */
function printed(...partitions: [start: number, size: number][]): string {
  const rows = partitions.map(([start, size], index) => ({ node: `image${index + 1}`, start, size, type: "83" }));
  return JSON.stringify({
    partitiontable: { label: "dos", id: "0x1", device: "image", unit: "sectors", sectorsize: 512, partitions: rows },
  });
}

describe("readPartitions", () => {
  test("one partition behind the DAX header", () => {
    expect(readPartitions("i", printed([6144, 512_000]), 256 * megabyte)).toEqual({
      rootfs: { offset: 3 * megabyte, size: 250 * megabyte },
      hashes: undefined,
    });
  });

  test("a second one is the hash tree's", () => {
    const { hashes } = readPartitions("i", printed([6144, 512_000], [518_144, 6144]), 256 * megabyte);
    expect(hashes).toEqual({ offset: 253 * megabyte, size: 3 * megabyte });
  });

  test.each([
    ["no table", "", "no partition table"],
    ["an empty table", printed(), "no partition table"],
    ["another unit", printed([6144, 1]).replace("sectors", "bytes"), "no partition table"],
    ["three partitions", printed([1, 1], [2, 1], [3, 1]), "3 partitions"],
    ["a file that is cut off", printed([6144, 600_000]), "it is cut off"],
  ])("refuses %s", (_, json, what) => {
    const read = (): unknown => readPartitions("file.image", json, 256 * megabyte);
    expect(read).toThrow(KataImageError);
    expect(read).toThrow(what);
  });

  test("any text is read or refused", () => {
    assert(
      property(string(), (text) => {
        expect(() => readPartitions("i", text, 0)).toThrow(KataImageError);
      }),
    );
  });
});

describe("fileSystemOf", () => {
  test.each([
    ["ext4", 0x438, "53ef"],
    ["erofs", 0x400, "e2e1f5e0"],
    ["xfs", 0, "58465342"],
    ["none that is known", 0x438, "53ee"],
  ])("%s", (name, at, bytes) => {
    const head = Buffer.alloc(fileSystemBytes);
    head.write(bytes, at, "hex");
    expect(fileSystemOf(head)).toBe(name);
  });

  test("any bytes have a name", () => {
    assert(property(uint8Array({ maxLength: 0x500 }), (bytes) => fileSystemOf(Buffer.from(bytes)).length > 0));
  });
});

describe("isPlainPath", () => {
  test.each(["/nono/nono", "/etc/kata-opa/default-policy.rego", "/a_b+c@d-1"])("%s", (path) => {
    expect(isPlainPath(path)).toBe(true);
  });

  test.each(["", "/", "etc/x", "/etc/", "/etc//x", "/etc/../x", "/./x", "/a b", "/a\nrm x", '/"', "/-f", "/a?b", "/ä"])(
    "not %j",
    (path) => {
      expect(isPlainPath(path)).toBe(false);
    },
  );
});

test("a program that is missing is named", async () => {
  await expect(runProgram("no-such-program-of-kubefence", [], "/")).rejects.toThrow(
    "KF_KATA_IMAGE_TOOL: no-such-program-of-kubefence: it is not installed",
  );
});
