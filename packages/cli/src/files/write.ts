/** Writing manifests: all of them or none, and never half of one. */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ProfileError } from "../errors.ts";
import { owned, ownTemporaryOf, syncFolder, writeTemporary } from "./durable.ts";
import { messageOf } from "../thrown.ts";

/** Readable by everybody: containers of any user read it, through a read-only mount. */
const mode = 0o644;

/**
 * Puts each text under its name into `directory`. The new files are complete on disk before the first one replaces an
 * old one; a reader sees the old or the new content of each.
 * @throws {ProfileError} KF_PROFILE_WRITE; what was there is then unchanged, unless a rename failed half-way.
 */
export async function writeAll(directory: string, files: ReadonlyMap<string, string>): Promise<void> {
  const written: { temporary: string; final: string }[] = [];
  try {
    for (const [name, text] of files) {
      const final = join(directory, name);
      const temporary = ownTemporaryOf(final);
      written.push({ temporary, final });
      await writeTemporary(temporary, Buffer.from(text), owned(mode));
    }
    for (const { temporary, final } of written) await rename(temporary, final);
    await syncFolder(directory);
  } catch (cause) {
    throw new ProfileError([{ code: "KF_PROFILE_WRITE", where: directory, message: messageOf(cause) }], { cause });
  } finally {
    for (const { temporary } of written) await rm(temporary, { force: true }).catch(() => undefined);
  }
}
