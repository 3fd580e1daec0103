/** Putting a file where running containers see it. */
import { randomUUID } from "node:crypto";
import { chmod, lstat, open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Puts `bytes` at `path` by rename, so that a process which runs or reads the old file keeps it and nobody sees half a
 * file. A file that holds the same bytes stays: its inode is what nono-runc knows it by. Resolves to whether it was replaced.
 */
export async function replaceFile(path: string, bytes: Uint8Array, mode: number): Promise<boolean> {
  if (await holds(path, bytes)) {
    await chmod(path, mode);
    return false;
  }
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    await writeNew(temporary, bytes, mode);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return true;
}

async function holds(path: string, bytes: Uint8Array): Promise<boolean> {
  const status = await lstat(path).catch(() => undefined);
  return status?.isFile() === true && status.size === bytes.length && (await readFile(path)).equals(bytes);
}

async function writeNew(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  await using file = await open(path, "wx", mode);
  // The umask may have taken rights away.
  await file.chmod(mode);
  await file.writeFile(bytes);
  await file.sync();
}
