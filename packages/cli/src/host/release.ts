/** The files of a release, and where they belong on a node. */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type ProbeResult, probeLauncher } from "@kubefence/plugin/probe";
import { byDigestFolder, manifestDigest } from "../files/by-digest.ts";
import { readProfileFolder } from "../files/profile-file.ts";
import { profileFolderOf } from "../files/profile-sets.ts";
import { nodeError } from "../node/errors.ts";
import { ManifestError, parseManifest, profileNamePattern } from "../profile/manifest.ts";
import { owned } from "../files/durable.ts";
import type { Change } from "./transaction.ts";
import { messageOf } from "../thrown.ts";

export interface Release {
  readonly launcher: Uint8Array;
  readonly runtime: Uint8Array;
  /** Compiled manifests by profile name. */
  readonly profiles: ReadonlyMap<string, string>;
  /** Compiled seccomp policies by file name, NAME.bpf. */
  readonly filters: ReadonlyMap<string, Uint8Array>;
  /** What the launcher found out about the kernel. */
  readonly kernel: ProbeResult;
}

/**
 * Reads a release: `nono`, `nono-runc`, the set of profiles and `seccomp/NAME.bpf` in `directory`. Profiles of `profileFolders`, sources or
 * manifests, join them, or take the place of one of the same name.
 * @throws {NodeError} KF_NODE_RELEASE, KF_NODE_KERNEL, {ProfileError} | {ManifestError} for a profile of those folders
 */
export async function readRelease(
  directory: string,
  profileSet: string,
  profileFolders: readonly string[],
): Promise<Release> {
  const launcher = join(directory, "nono");
  const programs = [launcher, join(directory, "nono-runc")].map((path) =>
    readFile(path).catch((cause: unknown) => {
      throw nodeError("KF_NODE_RELEASE", path, messageOf(cause), { cause });
    }),
  );
  const [launcherBytes = Buffer.alloc(0), runtimeBytes = Buffer.alloc(0)] = await Promise.all(programs);
  const profiles = new Map<string, string>();
  const profileFolder = join(directory, profileFolderOf(profileSet));
  await addProfiles(profileFolder, profiles);
  if (profiles.size === 0) throw nodeError("KF_NODE_RELEASE", profileFolder, "it holds no profile");
  for (const folder of profileFolders)
    for (const [name, { text }] of await readProfileFolder(folder)) profiles.set(name, text);
  const filters = await readFilters(join(directory, "seccomp"));
  const probe = await probeLauncher(launcher, 1);
  if ("code" in probe) throw nodeError("KF_NODE_KERNEL", launcher, `${probe.code}: ${probe.what}`);
  return { launcher: launcherBytes, runtime: runtimeBytes, profiles, filters, kernel: probe };
}

async function readFilters(folder: string): Promise<Map<string, Uint8Array>> {
  const filters = new Map<string, Uint8Array>();
  try {
    for (const file of (await readdir(folder)).toSorted()) {
      if (file.endsWith(".bpf")) filters.set(file, await readFile(join(folder, file)));
    }
  } catch (cause) {
    throw nodeError("KF_NODE_RELEASE", folder, messageOf(cause), { cause });
  }
  if (filters.size === 0) throw nodeError("KF_NODE_RELEASE", folder, "it holds no seccomp filter");
  return filters;
}

async function addProfiles(folder: string, profiles: Map<string, string>): Promise<void> {
  try {
    for (const file of (await readdir(folder)).toSorted()) {
      const name = basename(file, ".json");
      if (!file.endsWith(".json") || !profileNamePattern.test(name)) continue;
      const text = await readFile(join(folder, file), "utf8");
      parseManifest(text);
      profiles.set(name, text);
    }
  } catch (cause) {
    const code = cause instanceof ManifestError ? `${cause.code}: ` : "";
    throw nodeError("KF_NODE_RELEASE", folder, `${code}${messageOf(cause)}`, { cause });
  }
}

/** Manifests under their digests, then under their names: no name stands for bytes that are not stored. */
export function profileChanges(launcherDirectory: string, profiles: ReadonlyMap<string, string>): Change[] {
  const folder = join(launcherDirectory, "profiles");
  return [
    ...[...profiles.values()].map((text) =>
      profileChange(join(folder, byDigestFolder, `${manifestDigest(text)}.json`), text),
    ),
    ...[...profiles].map(([name, text]) => profileChange(join(folder, `${name}.json`), text)),
  ];
}

/** The seccomp filters, which the launcher reads at /nono/seccomp. */
export function filterChanges(launcherDirectory: string, filters: ReadonlyMap<string, Uint8Array>): Change[] {
  return [...filters].map(([name, content]) => ({
    path: join(launcherDirectory, "seccomp", name),
    content,
    owner: owned(0o644),
    enforce: true,
  }));
}

function profileChange(path: string, text: string): Change {
  return { path, content: Buffer.from(text), owner: owned(0o644), enforce: true };
}

/** A program of the release as a change. */
export function programChange(path: string, content: Uint8Array): Change {
  return { path, content, owner: owned(0o755), enforce: true, ours: true };
}
