import type { Stats } from "node:fs";
import type { Barrier, Refusal } from "../policy/inputs.ts";

/** What of a file's status is judged. */
export type FileStatus = Pick<Stats, "uid" | "gid" | "mode">;

const STICKY = 0o1000;

/**
 * Refuses a file that others than root (or, without root, the plugin's own user) own or can write.
 * A sticky directory above counts as safe: others cannot replace what is not theirs in it.
 */
export function findForeignControl(
  path: string,
  status: FileStatus,
  ownUid: number,
  isDirectoryAbove = false,
): Refusal | undefined {
  if (status.uid !== 0 && status.uid !== ownUid) {
    return {
      code: "LAUNCHER_OWNER",
      what: `${path} belongs to user ${status.uid}, who could replace the launcher or its profiles`,
      action: `run on the node: chown root:root ${path}`,
    };
  }
  if (isDirectoryAbove && (status.mode & STICKY) !== 0) return undefined;
  const groupCanWrite = (status.mode & 0o020) !== 0 && status.gid !== 0;
  const othersCanWrite = (status.mode & 0o002) !== 0;
  if (groupCanWrite || othersCanWrite) {
    return {
      code: "LAUNCHER_WRITABLE",
      what: `${path} can be written by others (mode ${(status.mode & 0o7777).toString(8).padStart(4, "0")}), who could replace the launcher or its profiles`,
      action: `run on the node: chmod go-w ${path}`,
    };
  }
  return undefined;
}

/** A barrier if not every user has the `needed` permission (4 read, 1 search or execute). */
export function findClosed(path: string, status: FileStatus, needed: number): Barrier | undefined {
  const mode = status.mode & 0o7777;
  const isOpen = [6, 3, 0].every((shift) => ((mode >> shift) & needed) === needed);
  return isOpen ? undefined : { path, uid: status.uid, gid: status.gid, mode, needed };
}
