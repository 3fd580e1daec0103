/** Manifests stored under their own digest, so that a container keeps the profile that it was created with. */
import { createHash } from "node:crypto";
import { chmod, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ProfileError } from "../errors.ts";
import { writeAll } from "./write.ts";
import { messageOf } from "../thrown.ts";

/** The folder inside the profiles' directory. */
export const byDigestFolder = "by-digest";

/** SHA-256 of a manifest's bytes in hex: what the launcher's `--digest` takes. */
export function manifestDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Writes manifests, by file name, into a profiles' directory: first each under `by-digest/<sha256>.json`, then under its name, so that
 * no name stands for bytes that are not stored. What is stored already is left alone, and nothing is ever removed: a
 * running container may need it.
 * @throws {ProfileError} KF_PROFILE_WRITE
 */
export async function writeManifests(directory: string, manifests: ReadonlyMap<string, string>): Promise<void> {
  const stored = join(directory, byDigestFolder);
  const missing = new Map<string, string>();
  for (const text of manifests.values()) {
    const name = `${manifestDigest(text)}.json`;
    if ((await readIfThere(join(stored, name))) !== text) missing.set(name, text);
  }
  if (missing.size > 0) {
    await makeFolder(stored);
    await writeAll(stored, missing);
  }
  await writeAll(directory, manifests);
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o755 });
    // The umask may have taken rights away.
    await chmod(path, 0o755);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return;
    throw new ProfileError([{ code: "KF_PROFILE_WRITE", where: dirname(path), message: messageOf(cause) }], { cause });
  }
}
