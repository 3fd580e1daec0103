import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
  closeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { run } from "../stack/command.ts";

const megabyte = 1024 * 1024;

/** Where the first partition of Kata's images begins: behind the DAX header and one more megabyte. */
export const rootfsOffset: number = 3 * megabyte;

/** A raw image with the partitions of Kata's own: MBR, DAX header, a second MBR behind it, an ext4 root, a hash tree. */
export interface KataImage {
  /** Files of the root by path: a host path to copy from, a text, or a link. */
  files: Record<string, { from: string } | { text: string } | { link: string }>;
  /** Size of the root, in megabytes. */
  rootMegabytes: number;
  /** Also makes the second partition, with the hash tree in it. */
  measured?: boolean;
}

/** What Kata's images have of the agent's policy: the default one is a link. */
export const policyFiles: KataImage["files"] = {
  "/etc/kata-opa/allow-all.rego": { text: "package agent_policy\n\ndefault AllowRequestsFailingPolicy := true\n" },
  "/etc/kata-opa/default-policy.rego": { link: "allow-all.rego" },
};

/** Makes it at `path`, and answers its kernel_verity_params. Needs no root. */
export async function makeKataImage(path: string, image: KataImage): Promise<string | undefined> {
  const [root, partition, hashes] = [`${path}.root`, `${path}.ext4`, `${path}.hashes`];
  fillRoot(root, image.files);
  await run("mke2fs", [
    "-q",
    "-t",
    "ext4",
    "-b",
    "4096",
    "-E",
    "root_owner=0:0",
    "-d",
    root,
    partition,
    `${image.rootMegabytes}M`,
  ]);
  const total = rootfsOffset + (image.rootMegabytes + 1) * megabyte;
  await partitionTable(`${path}.behind`, total - 2 * megabyte, 2048, image);
  await partitionTable(path, total, 6144, image);
  writeAt(path, 4096, Buffer.from("NVDIMM_PFN_INFO\0"));
  writeAt(path, 2 * megabyte, readFileSync(`${path}.behind`).subarray(0, 512));
  let parameters: string | undefined;
  if (image.measured) {
    writeFileSync(hashes, "");
    const salt = "5a".repeat(32);
    const printed = await run("veritysetup", ["format", "--no-superblock", "--salt", salt, partition, hashes]);
    const rootHash = /Root hash:\s+([0-9a-f]{64})/.exec(printed)?.[1];
    writeAt(path, rootfsOffset + image.rootMegabytes * megabyte, readFileSync(hashes));
    const blocks = (image.rootMegabytes * megabyte) / 4096;
    parameters = `root_hash=${rootHash},salt=${salt},data_blocks=${blocks},data_block_size=4096,hash_block_size=4096`;
  }
  writeAt(path, rootfsOffset, readFileSync(partition));
  for (const scratch of [root, partition, hashes, `${path}.behind`]) rmSync(scratch, { recursive: true, force: true });
  return parameters;
}

/** Cuts the partitions out of an image, as the files `${image}.p1` and `.p2`. */
export function partitionsOf(image: string, rootMegabytes: number): [rootfs: string, hashes: string] {
  const bytes = readFileSync(image);
  const end = rootfsOffset + rootMegabytes * megabyte;
  writeFileSync(`${image}.p1`, bytes.subarray(rootfsOffset, end));
  writeFileSync(`${image}.p2`, bytes.subarray(end));
  return [`${image}.p1`, `${image}.p2`];
}

async function partitionTable(path: string, size: number, start: number, image: KataImage): Promise<void> {
  writeFileSync(path, "");
  truncateSync(path, size);
  const sectors = (image.rootMegabytes * megabyte) / 512;
  const lines = ["label: dos", `start=${start}, size=${sectors}, type=83, bootable`];
  if (image.measured) lines.push(`start=${start + sectors}, size=2048, type=83`);
  await run("sh", [
    "-euc",
    'printf "%s\\n" "$1" | sfdisk --quiet --no-reread --wipe never "$2"',
    "sh",
    lines.join("\n"),
    path,
  ]);
}

function fillRoot(root: string, files: KataImage["files"]): void {
  for (const [path, content] of Object.entries(files)) {
    const target = join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    if ("link" in content) symlinkSync(content.link, target);
    else if ("from" in content) {
      copyFileSync(content.from, target);
      chmodSync(target, 0o755);
    } else writeFileSync(target, content.text, { mode: basename(path) === "init" ? 0o755 : 0o644 });
  }
}

/** Overwrites bytes of a file in place. */
export function writeAt(path: string, position: number, bytes: Uint8Array): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, position);
  closeSync(file);
}
