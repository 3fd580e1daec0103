/** Reading what operators wrote: bounded, and UTF-8 or nothing. */
import { open } from "node:fs/promises";
import { ProfileError } from "../errors.ts";
import { maxManifestBytes } from "../profile/manifest.ts";
import { messageOf } from "../thrown.ts";

/**
 * The text of a file of at most 1 MiB.
 * @throws {ProfileError} KF_PROFILE_READ or KF_PROFILE_SYNTAX.
 */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ProfileError([{ code: "KF_PROFILE_SYNTAX", where: path, message: "not UTF-8" }], { cause });
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    // A pipe or a file that grows reports no size, so what arrives is bounded too.
    const buffer = new Uint8Array(Math.min(size, maxManifestBytes) + 1);
    let filled = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, null);
      filled += bytesRead;
      if (bytesRead === 0) return buffer.subarray(0, filled);
      if (filled === buffer.length) return refuseLarge(path);
    }
  } catch (cause) {
    if (cause instanceof ProfileError) throw cause;
    throw new ProfileError([{ code: "KF_PROFILE_READ", where: path, message: messageOf(cause) }], { cause });
  }
}

function refuseLarge(path: string): never {
  const message = `larger than ${maxManifestBytes} bytes, or still growing`;
  throw new ProfileError([{ code: "KF_PROFILE_READ", where: path, message, hint: "name a smaller regular file" }]);
}
