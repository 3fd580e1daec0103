import { close, fstat, open, constants, read, readdir, type Stats } from "node:fs";
import { promisify } from "node:util";
import { messageOf } from "../errors.ts";
import { findClosed, findForeignControl } from "../launcher/access.ts";
import type { InstalledProfile } from "../policy/inputs.ts";
import { isProfileName } from "../policy/profile-name.ts";
import { builtInProfiles } from "./generated/built-in.ts";
import { brokenProfile, readManifest, type KnownExceptions } from "./manifest.ts";

const listDirectory = promisify(readdir);
const openFile = promisify(open);
const statusOf = promisify(fstat);
const readBytes = promisify(read);
const closeFile = promisify(close);

const SUFFIX = ".json";
const MAXIMUM_MANIFEST_BYTES = 1024 * 1024;
/** Manifests read at once: all that are built in, because the start waits for them, and not more than memory allows. */
const AT_ONCE = 16;

interface ReadProfile {
  /** Changes when the file is replaced or written; "" for one that could not be read. */
  readonly identity: string;
  readonly profile: InstalledProfile;
}

/** What the files are. */
interface ProfileFormat {
  /** Never throws: what is wrong is in `broken`. */
  readonly read: (text: string, known: KnownExceptions) => InstalledProfile;
  /** The profiles inside the launcher, which count where there is no folder. */
  readonly builtIn: () => ReadonlyMap<string, InstalledProfile>;
}

const MANIFESTS: ProfileFormat = { read: readManifest, builtIn: builtInProfiles };

/** The profiles in `<launcher directory>/profiles`, read again only where a file has changed. */
export class InstalledProfileReader {
  readonly #directory: string;
  readonly #ownUid: number;
  readonly #format: ProfileFormat;
  #known: ReadonlyMap<string, ReadProfile> = new Map();

  constructor(launcherDirectory: string, ownUid: number, format: ProfileFormat = MANIFESTS) {
    this.#directory = `${launcherDirectory}/profiles`;
    this.#ownUid = ownUid;
    this.#format = format;
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
      return isMissing(error) ? this.#format.builtIn() : new Map();
    }
    const manifests = new Map<string, ReadProfile>();
    const exceptions: KnownExceptions = new Map();
    const names = entries
      .filter((entry) => entry.endsWith(SUFFIX))
      .map((entry) => entry.slice(0, -SUFFIX.length))
      .filter(isProfileName);
    for (let begin = 0; begin < names.length; begin += AT_ONCE) {
      const some = names.slice(begin, begin + AT_ONCE);
      const found = await Promise.all(some.map(async (name) => [name, await this.#readOne(name, exceptions)] as const));
      for (const [name, one] of found) manifests.set(name, one);
    }
    this.#known = manifests;
    return new Map([...manifests].map(([name, { profile }]) => [name, profile]));
  }

  async #readOne(name: string, exceptions: KnownExceptions): Promise<ReadProfile> {
    const path = `${this.#directory}/${name}${SUFFIX}`;
    try {
      // A link is refused, and a pipe does not block.
      const file = await openFile(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        return await this.#readOpen(path, file, this.#known.get(name), exceptions);
      } finally {
        await closeFile(file);
      }
    } catch (error) {
      return { identity: "", profile: brokenProfile(isLink(error) ? `${path} is a symlink` : messageOf(error)) };
    }
  }

  async #readOpen(
    path: string,
    file: number,
    known: ReadProfile | undefined,
    exceptions: KnownExceptions,
  ): Promise<ReadProfile> {
    const status = await statusOf(file);
    const identity = identityOf(status);
    if (known?.identity === identity) return known;
    if (!status.isFile()) throw new Error(`${path} is not a regular file`);
    if (status.size > MAXIMUM_MANIFEST_BYTES) throw new Error(`${path} is larger than 1 MiB`);
    const foreign = findForeignControl(path, status, this.#ownUid);
    if (foreign !== undefined) throw new Error(foreign.what);
    const bytes = Buffer.allocUnsafeSlow(status.size);
    const { bytesRead } = await readBytes(file, bytes, 0, status.size, 0);
    if (bytesRead !== status.size) throw new Error(`${path} changed while it was read`);
    return {
      identity,
      profile: { ...this.#format.read(bytes.toString("utf8"), exceptions), barrier: findClosed(path, status, 4) },
    };
  }
}

function identityOf(status: Stats): string {
  return `${status.dev}:${status.ino}:${status.size}:${status.mtimeMs}:${status.ctimeMs}`;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function isLink(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ELOOP";
}
