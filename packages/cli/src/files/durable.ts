/** Files that are whole or not there, whatever happens: a temporary file beside the target, flushed, then renamed. */
import { randomUUID } from "node:crypto";
import { chmod, lstat, open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export interface Owner {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A file of ours: of root, as which everything that writes runs. */
export function owned(mode: number): Owner {
  return { mode, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}

/**
 * Name of the temporary file of a target whose writers take turns. Fixed, so that a later run finds what a killed one left; no
 * pattern of a runtime loads it.
 */
export function temporaryOf(path: string): string {
  return join(besides(path), `.${basename(path)}.kubefence-new`);
}

/** The same for a target that several may write at once. */
export function ownTemporaryOf(path: string): string {
  return `${temporaryOf(path)}.${randomUUID()}`;
}

/** Name under which a target's old file is kept until the change is done. */
export function keptOf(path: string): string {
  return join(besides(path), `.${basename(path)}.kubefence-old`);
}

// Kata reads every file of a config.d, hidden ones and halves of one too.
function besides(path: string): string {
  const folder = dirname(path);
  return basename(folder) === "config.d" ? dirname(folder) : folder;
}

/** Writes a temporary file, on disk when it returns. What an earlier run left under its name is removed. */
export async function writeTemporary(temporary: string, content: Uint8Array, owner: Owner): Promise<void> {
  await rm(temporary, { force: true });
  try {
    await using file = await open(temporary, "wx", 0o600);
    await file.writeFile(content);
    await file.chown(owner.uid, owner.gid);
    await file.chmod(owner.mode);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Makes what happened in a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

/** Replaces a file of our own, or makes it. `temporary` is `ownTemporaryOf` where others may do so at the same time. */
export async function replaceFile(
  path: string,
  content: Uint8Array,
  owner: Owner,
  temporary: string = temporaryOf(path),
): Promise<void> {
  await writeTemporary(temporary, content, owner);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Puts a program where running containers see it. One that holds the same bytes stays: its inode is what nono-runc knows
 * it by. Resolves to whether it was replaced.
 */
export async function putProgram(path: string, content: Uint8Array, mode: number): Promise<boolean> {
  const status = await lstat(path).catch(() => undefined);
  const isSame = status?.isFile() === true && status.size === content.length && (await readFile(path)).equals(content);
  if (isSame) await chmod(path, mode);
  else await replaceFile(path, content, owned(mode), ownTemporaryOf(path));
  return !isSame;
}
