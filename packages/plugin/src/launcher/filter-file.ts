import { lstat } from "node:fs";
import { promisify } from "node:util";
import { messageOf } from "../errors.ts";
import type { Refusal } from "../policy/inputs.ts";
import { findClosed, findForeignControl } from "./access.ts";

const SEARCH = 1;
const READ = 4;

/**
 * Why the launcher could not add the policy's compiled filter in a container, or undefined if it can. Without the folder it
 * takes the one that is built into it. Never throws.
 */
export async function inspectFilterFile(
  launcherDirectory: string,
  policy: string,
  ownUid: number,
): Promise<Refusal | undefined> {
  const folder = `${launcherDirectory}/seccomp`;
  if (await isMissing(folder)) return undefined;
  return (
    (await inspectPlace(folder, "directory", SEARCH, ownUid)) ??
    (await inspectPlace(`${folder}/${policy}.bpf`, "file", READ, ownUid))
  );
}

function isMissing(path: string): Promise<boolean> {
  return promisify(lstat)(path).then(
    () => false,
    (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT",
  );
}

async function inspectPlace(
  path: string,
  kind: "directory" | "file",
  needed: number,
  ownUid: number,
): Promise<Refusal | undefined> {
  const unusable = (why: string): Refusal => ({ code: "SECCOMP_FILTER_UNUSABLE", what: `${path}: ${why}` });
  try {
    const status = await promisify(lstat)(path);
    if (!(kind === "file" ? status.isFile() : status.isDirectory())) return unusable(`it is no ${kind}`);
    const foreign = findForeignControl(path, status, ownUid);
    if (foreign !== undefined) return { ...foreign, code: "SECCOMP_FILTER_UNUSABLE" };
    const closed = findClosed(path, status, needed);
    return closed && unusable(`it is closed to some users (mode ${closed.mode.toString(8).padStart(4, "0")})`);
  } catch (error) {
    return unusable(messageOf(error));
  }
}
