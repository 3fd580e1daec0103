/** The compiled profiles that a node has: the directory beside the launcher. */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { ProfileError } from "../errors.ts";
import { ManifestError, type Manifest, parseManifest, profileNamePattern } from "../profile/manifest.ts";
import { readText } from "./read.ts";
import { isMissing, messageOf } from "../thrown.ts";

export interface Installed {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  /** Undefined when the launcher would refuse the file; `error` then says why. */
  readonly manifest?: Manifest;
  readonly error?: ManifestError;
}

/**
 * The manifests in `directory` by name. A directory that does not exist is an error only when `required`.
 * @throws {ProfileError} KF_PROFILE_READ
 */
export async function readInstalled(directory: string, required: boolean): Promise<ReadonlyMap<string, Installed>> {
  const installed = new Map<string, Installed>();
  for (const file of (await listDirectory(directory, required)).toSorted()) {
    const name = basename(file, ".json");
    if (!file.endsWith(".json") || !profileNamePattern.test(name)) continue;
    installed.set(name, await readOne(name, join(directory, file)));
  }
  return installed;
}

async function readOne(name: string, path: string): Promise<Installed> {
  const text = await readText(path);
  try {
    return { name, path, text, manifest: parseManifest(text) };
  } catch (error) {
    if (error instanceof ManifestError) return { name, path, text, error };
    throw error;
  }
}

async function listDirectory(directory: string, required: boolean): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    if (!required && isMissing(cause)) return [];
    throw new ProfileError([{ code: "KF_PROFILE_READ", where: directory, message: messageOf(cause) }], { cause });
  }
}
