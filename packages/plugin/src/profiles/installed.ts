import { close, fstat, lstat, open, read, readdir, type Stats } from "node:fs";
import { promisify } from "node:util";
import { messageOf } from "../errors.ts";
import { findClosed, findForeignControl } from "../launcher/access.ts";
import type { InstalledProfile } from "../policy/inputs.ts";
import { isProfileName } from "../policy/profile-name.ts";
import { builtInProfiles } from "./generated/built-in.ts";
import { brokenProfile, readManifest } from "./manifest.ts";

const listDirectory = promisify(readdir);
const statusOf = promisify(lstat);
const openFile = promisify(open);
const statusOfOpen = promisify(fstat);
const readBytes = promisify(read);
const closeFile = promisify(close);

const SUFFIX = ".json";
const MAXIMUM_MANIFEST_BYTES = 1024 * 1024;
const BUFFER_BYTES = 64 * 1024;

interface ReadProfile {
  readonly identity: string;
  readonly profile: InstalledProfile;
}

/** The manifests in `<launcher directory>/profiles`, read again only where a file has changed. */
export class InstalledProfileReader {
  readonly #directory: string;
  readonly #ownUid: number;
  #known: ReadonlyMap<string, ReadProfile> = new Map();

  constructor(launcherDirectory: string, ownUid: number) {
    this.#directory = `${launcherDirectory}/profiles`;
    this.#ownUid = ownUid;
  }

  /**
   * Reads the directory. Without it the profiles are the built-in ones, as the launcher then has them; a directory
   * that cannot be read has none. Never throws: what is wrong with one manifest is in its `broken`.
   */
  async read(): Promise<ReadonlyMap<string, InstalledProfile>> {
    let entries: string[];
    try {
      entries = await listDirectory(this.#directory);
    } catch (error) {
      this.#known = new Map();
      return error instanceof Error && "code" in error && error.code === "ENOENT" ? builtInProfiles() : new Map();
    }
    const names = entries
      .filter((entry) => entry.endsWith(SUFFIX) && isProfileName(entry.slice(0, -SUFFIX.length)))
      .map((entry) => entry.slice(0, -SUFFIX.length));
    const manifests = new Map<string, ReadProfile>();
    // One after the other, into one buffer: the daemon has little memory, and nothing waits for this.
    const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
    for (const name of names) {
      manifests.set(name, shareExceptions(await this.#readOne(name, buffer), manifests));
    }
    this.#known = manifests;
    return new Map([...manifests].map(([name, { profile }]) => [name, profile]));
  }

  async #readOne(name: string, buffer: Buffer): Promise<ReadProfile> {
    const path = `${this.#directory}/${name}${SUFFIX}`;
    try {
      const status = await statusOf(path);
      const identity = identityOf(status);
      const known = this.#known.get(name);
      if (known?.identity === identity) return known;
      return { identity, profile: await this.#interpret(path, status, buffer) };
    } catch (error) {
      return { identity: "", profile: brokenProfile(messageOf(error)) };
    }
  }

  async #interpret(path: string, status: Stats, buffer: Buffer): Promise<InstalledProfile> {
    if (!status.isFile()) return brokenProfile(`${path} is not a regular file`);
    if (status.size > MAXIMUM_MANIFEST_BYTES) return brokenProfile(`${path} is larger than 1 MiB`);
    const foreign = findForeignControl(path, status, this.#ownUid);
    if (foreign !== undefined) return brokenProfile(foreign.what);
    const text = await readIfSame(path, status, buffer);
    return { ...readManifest(text), barrier: findClosed(path, status, 4) };
  }
}

/** Most profiles have the same hundred exceptions: they are kept once. */
function shareExceptions(one: ReadProfile, others: ReadonlyMap<string, ReadProfile>): ReadProfile {
  const { literalExceptions } = one.profile;
  for (const { profile } of others.values()) {
    const same = profile.literalExceptions;
    if (same.length === literalExceptions.length && same.every((path, index) => path === literalExceptions[index])) {
      return { ...one, profile: { ...one.profile, literalExceptions: same } };
    }
  }
  return one;
}

async function readIfSame(path: string, status: Stats, buffer: Buffer): Promise<string> {
  const file = await openFile(path, "r");
  try {
    if (identityOf(await statusOfOpen(file)) !== identityOf(status))
      throw new Error(`${path} changed while it was read`);
    const bytes = status.size <= buffer.length ? buffer : Buffer.allocUnsafeSlow(status.size);
    const { bytesRead } = await readBytes(file, bytes, 0, status.size, 0);
    if (bytesRead !== status.size) throw new Error(`${path} changed while it was read`);
    return bytes.toString("utf8", 0, bytesRead);
  } finally {
    await closeFile(file);
  }
}

function identityOf(status: Stats): string {
  return `${status.dev}:${status.ino}:${status.size}:${status.mtimeMs}:${status.ctimeMs}`;
}
