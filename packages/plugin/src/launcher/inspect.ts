import { close, lstat, open, read, type Stats } from "node:fs";
import { basename, dirname } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../errors.ts";
import type { Barrier, Refusal } from "../policy/inputs.ts";
import { findClosed, findForeignControl } from "./access.ts";
import { ELF_PREFIX_BYTES, findLoader } from "./elf.ts";

const openFile = promisify(open);
const closeFile = promisify(close);
const readFile = promisify(read);
/** `lstat`, undefined for a file that does not exist. */
const statusOf = async (path: string): Promise<Stats | undefined> => {
  try {
    return await promisify(lstat)(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
};

/** A launcher that may be run and mounted. */
export interface InspectedLauncher {
  readonly barriers: readonly Barrier[];
  /** Changes when the file is replaced or written. */
  readonly identity: string;
}

/** Looks at the launcher, its directory, the directories above and its profiles folder. Never throws. */
export async function inspectLauncher(path: string, ownUid: number): Promise<InspectedLauncher | Refusal> {
  try {
    const binary = await promisify(lstat)(path).catch((error: unknown) => messageOf(error));
    if (typeof binary === "string")
      return { code: "LAUNCHER_MISSING", what: `nono binary not found at ${path}: ${binary}` };
    return findWrongFile(path, binary) ?? (await findDynamic(path)) ?? (await inspectDirectories(path, binary, ownUid));
  } catch (error) {
    return { code: "LAUNCHER_MISSING", what: `nono binary at ${path} cannot be checked: ${messageOf(error)}` };
  }
}

/** The original's checks, with its texts and in its order, and one for the name. */
function findWrongFile(path: string, binary: Stats): Refusal | undefined {
  if (binary.isSymbolicLink()) {
    return { code: "LAUNCHER_SYMLINK", what: `nono binary at ${path} is a symlink: only regular files are accepted` };
  }
  if (!binary.isFile()) return { code: "LAUNCHER_NOT_A_FILE", what: `nono binary at ${path} is not a regular file` };
  if ((binary.mode & 0o111) === 0)
    return { code: "LAUNCHER_NOT_EXECUTABLE", what: `nono binary at ${path} is not executable` };
  if (basename(path) !== "nono") {
    return {
      code: "LAUNCHER_NAME",
      what: `nono binary at ${path} must be called nono: containers run it as /nono/nono`,
    };
  }
  return undefined;
}

async function findDynamic(path: string): Promise<Refusal | undefined> {
  const file = await openFile(path, "r");
  try {
    const prefix = Buffer.alloc(ELF_PREFIX_BYTES);
    const { bytesRead } = await readFile(file, prefix, 0, prefix.length, 0);
    const loader = findLoader(prefix.subarray(0, bytesRead));
    if (loader === "static") return undefined;
    const what = `nono binary at ${path} is not a static program (${loader.reason}): what it loads would come from the image and run unconfined`;
    return { code: "LAUNCHER_NOT_STATIC", what };
  } finally {
    await closeFile(file);
  }
}

async function inspectDirectories(path: string, binary: Stats, ownUid: number): Promise<InspectedLauncher | Refusal> {
  const barriers: Barrier[] = [];
  const foreignBinary = findForeignControl(path, binary, ownUid);
  if (foreignBinary !== undefined) return foreignBinary;

  const directory = dirname(path);
  // The launcher opens its directory for reading to prove that it is confined.
  for (const [place, needed] of [
    [directory, 5],
    [`${directory}/profiles`, 1],
  ] as const) {
    const status = await statusOf(place);
    if (status === undefined) continue;
    const foreign = findLink(place, status) ?? findForeignControl(place, status, ownUid);
    if (foreign !== undefined) return foreign;
    const closed = findClosed(place, status, needed);
    if (closed !== undefined) barriers.push(closed);
  }
  for (let above = dirname(directory); ; above = dirname(above)) {
    const status = await statusOf(above);
    const foreign = status && (findLink(above, status) ?? findForeignControl(above, status, ownUid, true));
    if (foreign !== undefined) return foreign;
    if (above === "/") break;
  }
  const closed = findClosed(path, binary, 1);
  if (closed !== undefined) barriers.push(closed);
  return { barriers, identity: `${binary.dev}:${binary.ino}:${binary.size}:${binary.mtimeMs}:${binary.ctimeMs}` };
}

/** A link's own mode and owner say nothing of who could replace what it leads to. */
function findLink(place: string, status: Stats): Refusal | undefined {
  if (!status.isSymbolicLink()) return undefined;
  return {
    code: "LAUNCHER_SYMLINK",
    what: `${place} is a symbolic link, so it is not known who could replace the launcher or its profiles`,
    action: `run on the node: readlink -f ${place}; and name the launcher by that path (nono_bin_path)`,
  };
}
