/** Putting files into a raw Kata image: on a copy, read back, then renamed. */
import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { chmod, copyFile, lstat, mkdtemp, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { syncFolder } from "../../files/durable.ts";
import { KataImageError } from "./errors.ts";
import { Ext4, isPlainPath } from "./ext4.ts";
import { type Extent, fileSystemBytes, fileSystemOf, readPartitions } from "./partitions.ts";
import { runProgram } from "./program.ts";
import { formatVerityParameters, hashTree, parseVerityParameters, type VerityParameters } from "./verity.ts";
import { messageOf } from "../../thrown.ts";

/** Where the agent looks for its policy: its default, which Kata's images have as a link to one of several policies. */
export const policyPath = "/etc/kata-opa/default-policy.rego";

/** A file of the host, and where it is to stand in the image. */
export interface Injection {
  readonly from: string;
  readonly to: string;
  readonly mode: number;
}

export interface InjectOptions {
  readonly image: string;
  /** Replaced by rename; may be `image` itself. */
  readonly output: string;
  readonly injections: readonly Injection[];
  /** What the configuration of `image` says, where it says anything. */
  readonly kernelVerityParameters?: string | undefined;
}

export interface InjectResult {
  readonly files: readonly { readonly path: string; readonly size: number; readonly sha256: string }[];
  /** Of the whole image. */
  readonly sha256: string;
  /** The image has a hash tree. With parameters it was made anew and these are its new ones; without, it no longer fits. */
  readonly verity: "none" | "not renewed" | { readonly kernelVerityParameters: string };
}

const image = "image";

/**
 * Puts the files in. `output` is the old file or the whole new one at any time.
 * @throws {KataImageError}
 */
export async function inject(options: InjectOptions): Promise<InjectResult> {
  const contents = await readContents(options.injections);
  const directory = await writing(options.output, () => mkdtemp(join(dirname(options.output), ".kubefence-image-")));
  try {
    await copy(options.image, options.output, join(directory, image));
    const { rootfs, hashes } = await findPartitions(options.image, directory);
    const verity = await checkVerity(options, directory, rootfs, hashes);
    const ext4 = new Ext4(directory, image, rootfs.offset);
    const damage = await ext4.damage();
    if (damage !== undefined) throw new KataImageError("KF_KATA_IMAGE_FILESYSTEM", options.image, damage);
    for (const { injection, bytes } of contents) await put(ext4, options.image, injection, bytes);
    await verify(ext4, options.output, contents);
    const renewed = verity && hashes && (await renewTree(options.output, directory, rootfs, hashes, verity));
    await publish(join(directory, image), options.output);
    return {
      files: contents.map(({ injection, bytes }) => ({
        path: injection.to,
        size: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      })),
      sha256: await digestOf(options.output),
      verity: hashes === undefined ? "none" : renewed ? { kernelVerityParameters: renewed } : "not renewed",
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Content {
  readonly injection: Injection;
  readonly bytes: Buffer;
}

async function readContents(injections: readonly Injection[]): Promise<Content[]> {
  const seen = new Set<string>();
  for (const { to } of injections) {
    const what = isPlainPath(to) ? "it is named twice" : "it is no plain absolute path (letters, digits, . _ + @ -)";
    if (!isPlainPath(to) || seen.has(to)) throw new KataImageError("KF_KATA_IMAGE_PATH", to, what);
    seen.add(to);
  }
  return Promise.all(
    injections.map(async (injection) => ({
      injection,
      bytes: await reading(injection.from, () => readFile(injection.from)),
    })),
  );
}

async function copy(from: string, output: string, to: string): Promise<void> {
  const status = await reading(from, () => stat(from));
  if (!status.isFile()) throw new KataImageError("KF_KATA_IMAGE_READ", from, "it is no regular file");
  const old = await lstat(output).catch(() => undefined);
  if (old !== undefined && !old.isFile()) {
    throw new KataImageError("KF_KATA_IMAGE_WRITE", output, "it is there and no regular file; name the file itself");
  }
  await reading(from, async () => (await open(from)).close());
  await writing(output, () => copyFile(from, to, constants.COPYFILE_FICLONE));
  await chmod(to, 0o644);
}

async function findPartitions(name: string, directory: string): Promise<ReturnType<typeof readPartitions>> {
  const copied = join(directory, image);
  const { stdout } = await runProgram("sfdisk", ["--json", image], directory);
  const partitions = readPartitions(name, stdout, (await stat(copied)).size);
  await using file = await open(copied);
  const { buffer } = await file.read(Buffer.alloc(fileSystemBytes), 0, fileSystemBytes, partitions.rootfs.offset);
  const found = fileSystemOf(buffer);
  if (found === "ext4") return partitions;
  throw new KataImageError("KF_KATA_IMAGE_LAYOUT", name, `the file system of its first partition is ${found}`);
}

/** The given parameters, if they are those of the tree that the image has. */
async function checkVerity(
  { image: name, kernelVerityParameters: text }: InjectOptions,
  directory: string,
  rootfs: Extent,
  hashes: Extent | undefined,
): Promise<VerityParameters | undefined> {
  if (text === undefined) return undefined;
  const fail = (what: string): never => {
    throw new KataImageError("KF_KATA_IMAGE_VERITY", name, what);
  };
  const parameters = parseVerityParameters(text) ?? fail(`"${text}" are no such parameters`);
  if (hashes === undefined) return fail("the image has no second partition, so no hash tree");
  if (parameters.dataBlocks * parameters.dataBlockSize > rootfs.size)
    fail("data_blocks is more than the partition holds");
  const { rootHash, tree } = await makeTree(directory, rootfs, parameters);
  if (rootHash !== parameters.rootHash) fail(`root_hash is ${parameters.rootHash}, the image's is ${rootHash}`);
  await using file = await open(join(directory, image));
  const { buffer } = await file.read(Buffer.alloc(tree.length), 0, tree.length, hashes.offset);
  if (!buffer.equals(tree)) fail("its second partition does not begin with that hash tree");
  return parameters;
}

function makeTree(directory: string, rootfs: Extent, parameters: VerityParameters): ReturnType<typeof hashTree> {
  const end = rootfs.offset + parameters.dataBlocks * parameters.dataBlockSize - 1;
  const options = { start: rootfs.offset, end, highWaterMark: 1024 * 1024 };
  return hashTree(createReadStream(join(directory, image), options) as AsyncIterable<Buffer>, parameters);
}

/** The tree has the size of the old one, so it fits where that was. */
async function renewTree(
  output: string,
  directory: string,
  rootfs: Extent,
  hashes: Extent,
  parameters: VerityParameters,
): Promise<string> {
  const { rootHash, tree } = await makeTree(directory, rootfs, parameters);
  await writing(output, async () => {
    await using file = await open(join(directory, image), "r+");
    await file.write(tree, 0, tree.length, hashes.offset);
  });
  return formatVerityParameters({ ...parameters, rootHash });
}

async function put(ext4: Ext4, name: string, { to, mode }: Injection, bytes: Buffer): Promise<void> {
  const fail = (path: string, what: string): never => {
    throw new KataImageError("KF_KATA_IMAGE_PATH", `${name}: ${path}`, what);
  };
  const entry = await ext4.entry(to);
  if (to === policyPath && entry === undefined) {
    throw new KataImageError("KF_KATA_IMAGE_NO_POLICY", `${name}: ${to}`, "there is no such file or link");
  }
  if (entry?.type === "directory" || entry?.type === "other") fail(to, "it is there, and no regular file");
  for (const parent of parentsOf(to)) {
    const found = await ext4.entry(parent);
    if (found === undefined) await ext4.makeDirectory(parent);
    else if (found.type !== "directory") fail(parent, "it is there, and no directory");
  }
  await ext4.write(to, bytes, mode);
}

/** `/etc` and `/etc/kata-opa` of `/etc/kata-opa/policy`. */
function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

async function verify(ext4: Ext4, output: string, contents: readonly Content[]): Promise<void> {
  const damage = await ext4.damage();
  if (damage !== undefined) throw new KataImageError("KF_KATA_IMAGE_WRITE", output, `after the change ${damage}`);
  for (const { injection, bytes } of contents) {
    const { to, mode } = injection;
    const entry = await ext4.entry(to);
    const isMeant = entry?.type === "regular" && entry.mode === mode && entry.uid === 0 && entry.gid === 0;
    if (isMeant && (await ext4.read(to)).equals(bytes)) continue;
    const what = `${to} does not read back as it was written (${bytes.length} bytes); the file system may be full`;
    throw new KataImageError("KF_KATA_IMAGE_WRITE", output, what);
  }
}

async function publish(from: string, output: string): Promise<void> {
  await writing(output, async () => {
    await using file = await open(from);
    await file.sync();
    await rename(from, output);
    await syncFolder(dirname(output));
  });
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}

function reading<Result>(path: string, read: () => Promise<Result>): Promise<Result> {
  return attempt("KF_KATA_IMAGE_READ", path, read);
}

function writing<Result>(path: string, write: () => Promise<Result>): Promise<Result> {
  return attempt("KF_KATA_IMAGE_WRITE", path, write);
}

async function attempt<Result>(
  code: "KF_KATA_IMAGE_READ" | "KF_KATA_IMAGE_WRITE",
  path: string,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    throw new KataImageError(code, path, messageOf(cause), { cause });
  }
}
