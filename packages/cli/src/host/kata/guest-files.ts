/** Putting guest kernels and guest images on a node: large files, each under a name of its own, never changed once there. */
import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, open, rename, rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { dirname } from "node:path";
import { NodeError, nodeError } from "../../node/errors.ts";
import { type GuestPart, guestPath, type GuestSource } from "../../node/kata/guest.ts";
import { owned, syncFolder, temporaryOf } from "../../files/durable.ts";
import type { Host } from "../host.ts";
import { messageOf } from "../../thrown.ts";

/** SHA-256 of a file of any size, in hex. */
async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** A kernel or image that was given. @throws {NodeError} KF_KATA_FILE */
export async function readSource(
  file: string | undefined,
  shareDirectory: string,
  part: GuestPart,
): Promise<GuestSource | undefined> {
  if (file === undefined) return undefined;
  try {
    const status = await stat(file);
    if (!status.isFile() || status.size === 0) throw new Error("it is no file with something in it");
    const sha256 = await digestOf(file);
    return { from: file, sha256, path: guestPath(shareDirectory, part, sha256) };
  } catch (cause) {
    throw nodeError("KF_KATA_FILE", file, messageOf(cause), { cause });
  }
}

/** Whether the node's file of that name has that content. */
export async function isThere(host: Host, { path, sha256 }: Pick<GuestSource, "path" | "sha256">): Promise<boolean> {
  return digestOf(host.path(path)).then(
    (digest) => digest === sha256,
    () => false,
  );
}

/**
 * Copies a file to the node: beside its place, flushed, held against its digest, then renamed. No journal is needed: nothing
 * names it yet, and a later run finds it or writes it again.
 * @throws {NodeError} KF_NODE_WRITE, KF_KATA_FILE
 */
export async function placeGuestFile(host: Host, source: GuestSource): Promise<void> {
  const place = host.path(source.path);
  const temporary = temporaryOf(place);
  const { mode, uid, gid } = owned(0o644);
  try {
    await rm(temporary, { force: true });
    await copyFile(source.from, temporary, constants.COPYFILE_FICLONE);
    const handle = await open(temporary, "r+");
    try {
      await handle.chown(uid, gid);
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if ((await digestOf(temporary)) !== source.sha256) {
      throw nodeError("KF_KATA_FILE", source.from, "it changed while it was copied");
    }
    await rename(temporary, place);
    await syncFolder(dirname(place));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (cause instanceof NodeError) throw cause;
    throw nodeError("KF_NODE_WRITE", source.path, messageOf(cause), { cause });
  }
}
