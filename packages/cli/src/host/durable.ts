/** Files that are whole or not there, whatever happens: a temporary file beside the target, flushed, then renamed. */
import { open, rename, rm } from "node:fs/promises";
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

/** Name of the temporary file of a target. Fixed, so that a later run finds what a killed one left; no pattern of a runtime loads it. */
export function temporaryOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.kubefence-new`);
}

/** Name under which a target's old file is kept until the change is done. */
export function keptOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.kubefence-old`);
}

/** Writes the temporary file of `path`, on disk when it returns. What an earlier run left under its name is removed. */
export async function writeTemporary(path: string, content: Uint8Array, owner: Owner): Promise<void> {
  const temporary = temporaryOf(path);
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

/** Replaces a file of our own, or makes it. */
export async function replaceFile(path: string, content: Uint8Array, owner: Owner): Promise<void> {
  await writeTemporary(path, content, owner);
  await rename(temporaryOf(path), path);
  await syncFolder(dirname(path));
}
