/**
 * Changes to files of the node: all of them or none. Before the first one a journal says what will be done; a run that is
 * killed is undone by the next one. Old files are kept as links beside the new ones until the end: putting them back
 * takes no space and gives back the same inode.
 */
import { createHash } from "node:crypto";
import { chmod, link, lstat, mkdir, open, readFile, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nodeError } from "../node/errors.ts";
import { keptOf, type Owner, replaceFile, owned, syncFolder, temporaryOf, writeTemporary } from "../files/durable.ts";
import type { Host } from "./host.ts";
import { messageOf } from "../thrown.ts";

/** One file of the node as it shall be. */
export interface Change {
  /** Path on the node. */
  readonly path: string;
  /** Undefined removes it. */
  readonly content: Uint8Array | undefined;
  /** Mode and owner of a new file; a file that is replaced keeps its own unless `enforce`. */
  readonly owner: Owner;
  readonly enforce?: boolean;
  /** Only programs of ours write it, perhaps at the same time: undone whatever it says by then. */
  readonly ours?: boolean;
}

interface JournalEntry {
  readonly path: string;
  readonly existed: boolean;
  /** SHA-256 of each content that we put there, in turn; null where we remove. */
  readonly digests: (string | null)[];
  readonly ours: boolean;
}

interface Journal {
  readonly version: 1;
  readonly operation: string;
  readonly entries: JournalEntry[];
  /** Folders that did not exist, outermost first. */
  readonly folders: string[];
  /** Modes that folders had before. */
  readonly modes: Record<string, number>;
  /** The runtime may run with the new files. */
  restarted: boolean;
  /** All is in place; only the old files are left to be forgotten. */
  done: boolean;
}

const journalName = "journal.json";

export class Transaction {
  readonly #host: Host;
  readonly #journalPath: string;
  readonly #journal: Journal;

  private constructor(host: Host, stateDirectory: string, journal: Journal) {
    this.#host = host;
    this.#journalPath = host.path(join(stateDirectory, journalName));
    this.#journal = journal;
  }

  static start(host: Host, stateDirectory: string, operation: string): Transaction {
    const nothing = { entries: [], folders: [], modes: {}, restarted: false, done: false };
    return new Transaction(host, stateDirectory, { version: 1, operation, ...nothing });
  }

  /** What a killed run left, or undefined. @throws {NodeError} KF_NODE_STATE */
  static async left(host: Host, stateDirectory: string): Promise<Transaction | undefined> {
    const path = join(stateDirectory, journalName);
    const text = await host.readText(path);
    if (text === undefined) return undefined;
    try {
      const journal: unknown = JSON.parse(text);
      if (isJournal(journal)) return new Transaction(host, stateDirectory, journal);
    } catch {
      // Said below.
    }
    throw nodeError("KF_NODE_STATE", path, "it is no journal of this program");
  }

  get operation(): string {
    return this.#journal.operation;
  }

  get done(): boolean {
    return this.#journal.done;
  }

  get restarted(): boolean {
    return this.#journal.restarted;
  }

  /** Folders that were made, for uninstall to remove. */
  get folders(): readonly string[] {
    return this.#journal.folders;
  }

  /** Modes that folders had before they were changed. */
  get modes(): Readonly<Record<string, number>> {
    return this.#journal.modes;
  }

  /** Sets the mode of a folder. @throws {NodeError} KF_NODE_WRITE */
  async setMode(folder: string, mode: number): Promise<void> {
    try {
      this.#journal.modes[folder] ??= (await lstat(this.#host.path(folder))).mode & 0o7777;
      await this.#write();
      await chmod(this.#host.path(folder), mode);
    } catch (cause) {
      throw nodeError("KF_NODE_WRITE", folder, messageOf(cause), { cause });
    }
  }

  /**
   * Puts the files in place, in this order. All new contents are on disk before the first file is replaced. When it throws,
   * what it did is undone, or, where that failed too, `undo` says why.
   * @throws {NodeError} KF_NODE_WRITE
   */
  async apply(changes: readonly Change[]): Promise<void> {
    let path = "";
    try {
      await this.#noteAll(changes);
      for (const change of changes) {
        ({ path } = change);
        if (change.content === undefined) continue;
        await this.#makeFolders(dirname(path));
        const temporary = temporaryOf(this.#host.path(path));
        await writeTemporary(temporary, change.content, await this.#ownerOf(change));
      }
      for (const change of changes) {
        ({ path } = change);
        await this.#replace(change);
      }
    } catch (cause) {
      // What failed first is what is said; whoever rolls back asks again.
      await this.undo().catch(() => undefined);
      throw nodeError("KF_NODE_WRITE", path, messageOf(cause), { cause });
    }
  }

  /** Notes that the runtime is about to be restarted. */
  async noteRestart(): Promise<void> {
    this.#journal.restarted = true;
    await this.#write();
  }

  /**
   * Puts the old files back. @throws {NodeError} KF_NODE_CHANGED for one that somebody else changed meanwhile; all others are back
   * then. KF_NODE_WRITE for one that cannot be put back; a later run tries again
   */
  async undo(): Promise<void> {
    const foreign: string[] = [];
    let at = "";
    try {
      for (const entry of this.#journal.entries.toReversed()) {
        at = entry.path;
        if (!(await this.#undoOne(entry))) foreign.push(at);
      }
      for (const [folder, mode] of Object.entries(this.#journal.modes)) {
        at = folder;
        if (await this.#host.exists(folder)) await chmod(this.#host.path(folder), mode);
      }
    } catch (cause) {
      const what = `what kubefence node ${this.operation} did there is not undone: ${messageOf(cause)}`;
      throw nodeError("KF_NODE_WRITE", at, what, { cause });
    }
    for (const folder of this.#journal.folders.toReversed())
      await rmdir(this.#host.path(folder)).catch(() => undefined);
    const [path] = foreign;
    if (path !== undefined) {
      const what = `it was changed while kubefence node ${this.operation} ran; the file from before is ${keptOf(path)}`;
      throw nodeError("KF_NODE_CHANGED", foreign.join(", "), what);
    }
    await rm(this.#journalPath, { force: true });
  }

  /** The change is done: forgets the old files. */
  async commit(): Promise<void> {
    this.#journal.done = true;
    await this.#write();
    for (const { path } of this.#journal.entries) await rm(this.#host.path(keptOf(path)), { force: true });
    await rm(this.#journalPath, { force: true });
  }

  async #noteAll(changes: readonly Change[]): Promise<void> {
    for (const { path, content, ours = false } of changes) {
      const known = this.#journal.entries.find((entry) => entry.path === path);
      const digest = content === undefined ? null : sha256(content);
      if (known) {
        known.digests.push(digest);
        continue;
      }
      await rm(this.#host.path(keptOf(path)), { force: true });
      this.#journal.entries.push({ path, existed: await this.#host.exists(path), digests: [digest], ours });
    }
    await this.#write();
  }

  async #write(): Promise<void> {
    await mkdir(dirname(this.#journalPath), { recursive: true, mode: 0o700 });
    await replaceFile(this.#journalPath, Buffer.from(`${JSON.stringify(this.#journal, null, 1)}\n`), owned(0o600));
  }

  async #makeFolders(folder: string): Promise<void> {
    if (await this.#host.exists(folder)) return;
    await this.#makeFolders(dirname(folder));
    this.#journal.folders.push(folder);
    await this.#write();
    // Containers of any user read what is in them. The umask may say otherwise, so the mode is set apart.
    await mkdir(this.#host.path(folder), { mode: 0o755 });
    await using handle = await open(this.#host.path(folder), "r");
    await handle.chmod(0o755);
  }

  async #ownerOf({ path, owner, enforce }: Change): Promise<Owner> {
    if (enforce || !(await this.#host.exists(path))) return owner;
    const { mode, uid, gid } = await lstat(this.#host.path(path));
    return { mode: mode & 0o7777, uid, gid };
  }

  async #replace({ path, content }: Change): Promise<void> {
    const place = this.#host.path(path);
    const kept = this.#host.path(keptOf(path));
    const isThere = await this.#host.exists(path);
    if (content === undefined && !isThere) return;
    if (isThere && this.#journal.entries.some((entry) => entry.path === path && entry.existed)) {
      // A second change of the same file must not take the first one's place.
      await link(place, kept).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      });
    }
    if (content === undefined) await rm(place, { force: true });
    else await rename(temporaryOf(place), place);
    await syncFolder(dirname(place));
  }

  /** False where somebody else has changed the file. */
  async #undoOne({ path, existed, digests, ours }: JournalEntry): Promise<boolean> {
    const place = this.#host.path(path);
    const kept = this.#host.path(keptOf(path));
    await rm(temporaryOf(place), { force: true });
    const current = await readFile(place).catch(() => undefined);
    const isOurs = ours || digests.includes(current === undefined ? null : sha256(current));
    if (!existed) {
      if (current !== undefined && !isOurs) return false;
      await rm(place, { force: true });
      return true;
    }
    const old = await readFile(kept).catch(() => undefined);
    // Without a kept file it was not replaced yet.
    if (old === undefined) return true;
    if (!isOurs && !(current !== undefined && current.equals(old))) return false;
    await rename(kept, place);
    // rename does nothing where both names are one file.
    await rm(kept, { force: true });
    await syncFolder(dirname(place));
    return true;
  }
}

export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function isJournal(value: unknown): value is Journal {
  return (
    typeof value === "object" &&
    value !== null &&
    "version" in value &&
    value.version === 1 &&
    "entries" in value &&
    Array.isArray(value.entries) &&
    "folders" in value &&
    Array.isArray(value.folders) &&
    "modes" in value
  );
}
