/** What of a node goes into nono-runc's configuration, read and checked. */
import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { inspectLauncher } from "@kubefence/plugin/launcher";
import { InstalledProfileReader } from "@kubefence/plugin/profiles";
import { RuntimeConfigError } from "../errors.ts";
import { byDigestFolder, manifestDigest } from "../files/by-digest.ts";
import { readText } from "../files/read.ts";
import type { AcceptedLauncher, ProfileEntry } from "./document.ts";
import { messageOf } from "../thrown.ts";

/**
 * The launcher of a node, checked as the plugin does.
 * @throws {RuntimeConfigError} KF_RUNTIME_LAUNCHER
 */
export async function readLauncher(path: string): Promise<AcceptedLauncher> {
  const inspected = await inspectLauncher(path, process.geteuid?.() ?? 0);
  if ("code" in inspected) throw new RuntimeConfigError("KF_RUNTIME_LAUNCHER", path, inspected.what, inspected.action);
  return readAccepted(path);
}

/**
 * Digest and status of a launcher that may be anywhere: one that is about to be installed has another status then.
 * @throws {RuntimeConfigError} KF_RUNTIME_LAUNCHER
 */
export async function readAccepted(path: string): Promise<AcceptedLauncher> {
  try {
    await using file = await open(path);
    const before = await file.stat({ bigint: true });
    const sha256 = createHash("sha256")
      .update(await file.readFile())
      .digest("hex");
    const after = await file.stat({ bigint: true });
    if (!before.isFile()) throw new Error("it is no regular file");
    if (before.ctimeNs !== after.ctimeNs) throw new Error("it changed while it was read");
    const seconds = after.ctimeNs / 1_000_000_000n;
    const nanoseconds = String(after.ctimeNs % 1_000_000_000n).padStart(9, "0");
    return { sha256, identity: `${after.ino}:${after.size}:${seconds}.${nanoseconds}` };
  } catch (cause) {
    throw failure("KF_RUNTIME_LAUNCHER", path, cause);
  }
}

/**
 * Every installed profile, with the digest of the manifest that is stored under it.
 * @throws {RuntimeConfigError} KF_RUNTIME_PROFILE
 */
export async function readProfiles(launcherDirectory: string): Promise<ReadonlyMap<string, ProfileEntry>> {
  const directory = join(launcherDirectory, "profiles");
  const installed = await new InstalledProfileReader(launcherDirectory, process.geteuid?.() ?? 0).read();
  const entries = new Map<string, ProfileEntry>();
  for (const [name, profile] of installed) {
    const path = join(directory, `${name}.json`);
    if (profile.broken !== undefined) throw new RuntimeConfigError("KF_RUNTIME_PROFILE", path, profile.broken);
    entries.set(name, {
      digest: await readStoredDigest(directory, path),
      volumes: profile.volumes,
      config_volumes: profile.configVolumes,
      projected_volumes: profile.projectedVolumes,
      literal_exceptions: profile.literalExceptions,
    });
  }
  if (entries.size === 0) throw new RuntimeConfigError("KF_RUNTIME_PROFILE", directory, "it holds no profile");
  return entries;
}

async function readStoredDigest(directory: string, path: string): Promise<string> {
  const stored = join(directory, byDigestFolder);
  try {
    const text = await readText(path);
    const digest = manifestDigest(text);
    if ((await readText(join(stored, `${digest}.json`))) === text) return digest;
  } catch (cause) {
    throw failure("KF_RUNTIME_PROFILE", path, cause);
  }
  throw new RuntimeConfigError("KF_RUNTIME_PROFILE", path, `what is stored under its digest in ${stored} is not it`);
}

/**
 * Checks the real runtime, which starts as root on behalf of `ownPath`, nono-runc, where that is known.
 * @throws {RuntimeConfigError} KF_RUNTIME_PROGRAM
 */
export async function checkRuntime(path: string, ownPath?: string): Promise<void> {
  try {
    const status = await stat(path);
    if (!status.isFile() || (status.mode & 0o111) === 0) throw new Error("it is no program");
    if (status.uid !== 0 && status.uid !== process.geteuid?.()) throw new Error("it does not belong to root");
    if ((status.mode & 0o022) !== 0) throw new Error("others than root can write it");
    if (path === ownPath) throw new Error("it is nono-runc itself, which would start itself for ever");
  } catch (cause) {
    throw failure("KF_RUNTIME_PROGRAM", path, cause);
  }
}

function failure(code: RuntimeConfigError["code"], where: string, cause: unknown): RuntimeConfigError {
  return new RuntimeConfigError(code, where, messageOf(cause), undefined, { cause });
}
