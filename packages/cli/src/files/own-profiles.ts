/**
 * The list of an operator's own profiles that were installed beside the built-in ones: which they are, so that one that is not
 * wanted any more can go, and nothing else. A file of lines as sha256sum(1) writes them, with a name that no profile has.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "../thrown.ts";
import { manifestDigest } from "./by-digest.ts";
import { owned, ownTemporaryOf, replaceFile } from "./durable.ts";

/** Beside the manifests. */
export const ownProfilesList = ".own.sha256";

/** One manifest that was put there. */
export interface OwnProfile {
  /** NAME.json */
  readonly file: string;
  readonly digest: string;
}

/** The entries of a list. A line that is none is left out: whatever it meant, nothing is removed on its account. */
export function parseOwnProfiles(text: string): OwnProfile[] {
  return text.split("\n").flatMap((line) => {
    const [, digest, file] = /^([0-9a-f]{64}) {2}([a-zA-Z0-9][a-zA-Z0-9_-]{0,63}\.json)$/.exec(line) ?? [];
    return digest === undefined || file === undefined ? [] : [{ file, digest }];
  });
}

/**
 * Notes `manifests`, by file name, before they are written; what was noted earlier stays noted until it is
 * removed, so that a run that is killed in between forgets nothing.
 */
export async function noteOwnProfiles(directory: string, manifests: ReadonlyMap<string, string>): Promise<void> {
  const earlier = await readOwnProfiles(directory);
  const wanted = [...manifests].map(([file, text]) => ({ file, digest: manifestDigest(text) }));
  await writeOwnProfiles(directory, [...earlier, ...wanted]);
}

/**
 * Removes those of earlier runs that are neither in `manifests` nor in `builtIn`, as they were put there: one that somebody has
 * replaced since stays. Resolves to the paths removed. What is stored by digest stays for the containers that have it.
 */
export async function removeOtherOwnProfiles(
  directory: string,
  manifests: ReadonlyMap<string, string>,
  builtIn: ReadonlyMap<string, unknown>,
): Promise<string[]> {
  const removed: string[] = [];
  for (const { file, digest } of await readOwnProfiles(directory)) {
    const path = join(directory, file);
    if (manifests.has(file) || builtIn.has(file) || (await digestOf(path)) !== digest) continue;
    await rm(path);
    removed.push(path);
  }
  await writeOwnProfiles(
    directory,
    [...manifests].map(([file, text]) => ({ file, digest: manifestDigest(text) })),
  );
  return removed;
}

async function readOwnProfiles(directory: string): Promise<OwnProfile[]> {
  const text = await readFile(join(directory, ownProfilesList), "utf8").catch((error: unknown) => {
    if (isMissing(error)) return "";
    throw error;
  });
  return parseOwnProfiles(text);
}

async function writeOwnProfiles(directory: string, profiles: readonly OwnProfile[]): Promise<void> {
  const path = join(directory, ownProfilesList);
  if (profiles.length === 0) return rm(path, { force: true });
  const lines = new Set(profiles.map(({ file, digest }) => `${digest}  ${file}\n`));
  await replaceFile(path, Buffer.from([...lines].join("")), owned(0o644), ownTemporaryOf(path));
}

async function digestOf(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").then(manifestDigest, () => undefined);
}
