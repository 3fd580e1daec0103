/** Copies of files that others put where ours go, for uninstall to put back. */
import { lstat, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { replaceFile, owned } from "../files/durable.ts";
import { type Host } from "./host.ts";
import { ownMark } from "../node/settings.ts";
import type { Installed, ReplacedFile } from "./state.ts";
import { sha256 } from "./transaction.ts";

/** Paths of what is about to be written. */
export interface Overwritten {
  readonly programs: readonly string[];
  readonly runtimeFiles: readonly string[];
  /** The container runtime's main file, which is edited. */
  readonly mainFile: string;
  readonly installed: Installed | undefined;
  /** What is to be at a path, where others of ours may have put the same there since we looked. */
  readonly contents?: ReadonlyMap<string, Uint8Array>;
}

/** Copies what is about to be replaced and is not ours into the state directory. That of the main file is for people: uninstall takes the edit out. */
export async function keepBackups(host: Host, stateDirectory: string, what: Overwritten): Promise<ReplacedFile[]> {
  const { programs, runtimeFiles, mainFile, installed, contents } = what;
  const ours = new Set([...(installed?.files ?? []), ...(installed?.replaced ?? [])].map(({ path }) => path));
  const kept: ReplacedFile[] = [];
  for (const path of [...programs, ...runtimeFiles]) {
    if (ours.has(path)) continue;
    const content = await host.read(path);
    const next = contents?.get(path);
    if (next !== undefined && content?.equals(next) === true) continue;
    // Our own drop-in says so, even where our notes are lost.
    if (content === undefined || content.includes(ownMark)) continue;
    const backup = join(stateDirectory, "backups", sha256(content));
    const { mode, uid, gid } = await lstat(host.path(path));
    await mkdir(host.path(dirname(backup)), { recursive: true, mode: 0o700 });
    await replaceFile(host.path(backup), content, owned(0o600));
    if (path !== mainFile)
      kept.push({ path, part: programs.includes(path) ? "program" : "runtime", backup, mode: mode & 0o7777, uid, gid });
  }
  return kept;
}
