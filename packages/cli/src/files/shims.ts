/** The PATH shims of a launcher's directory: one program, a link to it for each name, and what it reads. */
import { randomUUID } from "node:crypto";
import { chmod, lstat, mkdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { SHIM_NAMES, SHIM_TARGET, shimSettings } from "@kubefence/plugin/shims";
import { owned, ownTemporaryOf, putProgram, replaceFile } from "./durable.ts";

/** What the original's wrapper scripts hold. */
const wrapperMark = "exec /nono/nono wrap";

/** Installs them, each file by rename: running containers find them on their PATH. Throws where a file of that name is not ours. */
export async function installShims(
  directory: string,
  program: Uint8Array,
  configuration: { readonly defaultProfile: string; readonly seccompProfile: string },
): Promise<void> {
  for (const name of SHIM_NAMES) {
    const path = join(directory, name);
    if ((await ownerOf(path)) === "somebody")
      throw new Error(`${path} is no shim and no wrapper script of the original`);
  }
  const folder = join(directory, "shims");
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await chmod(folder, 0o755);
  // The program comes last: without it none of the names leads anywhere.
  const settings = join(folder, "profile");
  await replaceFile(settings, Buffer.from(shimSettings(configuration)), owned(0o644), ownTemporaryOf(settings));
  await putProgram(join(directory, SHIM_TARGET), program, 0o755);
  for (const name of SHIM_NAMES) await putLink(join(directory, name));
}

/** Removes the shims, and the original's wrapper scripts; resolves to what was removed. A file of somebody else's stays. */
export async function removeShims(directory: string): Promise<string[]> {
  const removed: string[] = [];
  for (const name of SHIM_NAMES) {
    const path = join(directory, name);
    const owner = await ownerOf(path);
    if (owner === "nobody" || owner === "somebody") continue;
    await rm(path);
    removed.push(`${path}: removed, ${owner === "us" ? "a PATH shim" : "a wrapper script of the original"}`);
  }
  await rm(join(directory, "shims"), { recursive: true, force: true });
  return removed;
}

/** Whose the file is. */
async function ownerOf(path: string): Promise<"nobody" | "us" | "the original" | "somebody"> {
  const status = await lstat(path).catch(() => undefined);
  if (status === undefined) return "nobody";
  if (status.isSymbolicLink()) return (await readlink(path)) === SHIM_TARGET ? "us" : "somebody";
  const text = status.isFile() ? await readFile(path, "latin1") : "";
  return text.includes(wrapperMark) ? "the original" : "somebody";
}

async function putLink(path: string): Promise<void> {
  if ((await ownerOf(path)) === "us") return;
  const temporary = `${path}.${randomUUID()}`;
  await symlink(SHIM_TARGET, temporary);
  await rename(temporary, path);
}
