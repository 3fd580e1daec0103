/** Files that hold a profile: a source in nono's format, or a compiled manifest. Either way the outcome is a manifest. */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { ProfileError, type Problem } from "../errors.ts";
import { type Compiled, compileProfile, formatManifest } from "../profile/compile.ts";
import { parseProfileJson } from "../profile/json.ts";
import { type Manifest, ManifestError, parseManifest, profileNamePattern } from "../profile/manifest.ts";
import { messageOf } from "../thrown.ts";
import { readText } from "./read.ts";
import { openSource, type SourceOptions } from "./sources.ts";

export interface ProfileFile {
  readonly manifest: Manifest;
  /** The manifest's bytes: as they are, or as compiled. */
  readonly text: string;
  /** Undefined for a manifest, which is taken as it is. */
  readonly compiled: Compiled | undefined;
}

/** @throws {ProfileError} | {ManifestError} */
export async function readProfileFile(path: string, options: SourceOptions = {}): Promise<ProfileFile> {
  const text = await readText(path);
  if (isManifest(parseProfileJson(text, path))) return { manifest: parseNamed(text, path), text, compiled: undefined };
  const source = await openSource(path, options);
  const compiled = compileProfile(source.name, source.library);
  return { manifest: compiled.manifest, text: formatManifest(compiled.manifest), compiled };
}

/**
 * An operator's own profiles: every NAME.json and NAME.jsonc in `folder`, by name. Files that begin with a dot are none: a volume of
 * Kubernetes has some.
 * @throws {ProfileError} with what is wrong in any of them, {ManifestError}
 */
export async function readProfileFolder(folder: string): Promise<ReadonlyMap<string, ProfileFile>> {
  const profiles = new Map<string, ProfileFile>();
  const problems: Problem[] = [];
  for (const file of await listProfiles(folder)) {
    const where = join(folder, file);
    const name = basename(file).replace(/\.jsonc?$/, "");
    try {
      const profile = await readProfileFile(where);
      const isTaken = profiles.has(name) ? "two files are called so" : undefined;
      const wrong = profileNamePattern.test(name) ? isTaken : `${JSON.stringify(name)} is no profile name`;
      if (wrong !== undefined) problems.push({ code: "KF_PROFILE_NAME", where, message: wrong });
      profiles.set(name, profile);
    } catch (error) {
      if (!(error instanceof ProfileError)) throw error;
      problems.push(...error.problems);
    }
  }
  const [first, ...others] = problems;
  if (first !== undefined) throw new ProfileError([first, ...others]);
  return profiles;
}

async function listProfiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => /^[^.].*\.jsonc?$/.test(file)).toSorted();
  } catch (cause) {
    throw new ProfileError([{ code: "KF_PROFILE_READ", where: folder, message: messageOf(cause) }], { cause });
  }
}

/** A manifest of which messages name the file. @throws {ManifestError} */
export function parseNamed(text: string, path: string): Manifest {
  try {
    return parseManifest(text);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw new ManifestError(error.code, error.member, `${path}: ${error.message}`);
  }
}

/** Only manifests have a version at the top. */
function isManifest(json: unknown): boolean {
  return typeof json === "object" && json !== null && "version" in json;
}
