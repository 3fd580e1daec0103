import { lstat, mkdir, readdir, rename, rm, rmdir, unlink, writeFile } from "node:fs";
import { promisify } from "node:util";
import { checkComponent } from "./record.ts";

const makeDirectory = promisify(mkdir);
const listDirectory = promisify(readdir);
const statusOf = promisify(lstat);
const renameFile = promisify(rename);
const removeTree = promisify(rm);
const removeDirectory = promisify(rmdir);
const removeFile = promisify(unlink);
const writeWhole = promisify(writeFile);

const FILE = "metadata.json";

/** The directory `<base>/<pod uid>/<container id>/metadata.json`: single operations, each of which may fail. */
export class StateFiles {
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  /** A reader sees the whole record or none. */
  async write(podUid: string, containerId: string, text: string): Promise<void> {
    const directory = this.#directoryOf(podUid, containerId);
    await makeDirectory(directory, { recursive: true, mode: 0o700 });
    const temporary = `${directory}/.${FILE}.tmp`;
    await writeWhole(temporary, text, { mode: 0o600 });
    await renameFile(temporary, `${directory}/${FILE}`);
  }

  /** Removes a container's record if there is one. With `podUid` "" every pod's directory is looked into. */
  async remove(podUid: string, containerId: string): Promise<void> {
    if (podUid !== "") {
      await this.#removeEntry(podUid, containerId);
      return;
    }
    checkComponent(containerId);
    await this.#removeWhere((container) => container === containerId);
  }

  /** Removes the records of all containers that are not in `alive`. */
  async sweep(alive: ReadonlySet<string>): Promise<void> {
    await this.#removeWhere((container) => !alive.has(container));
  }

  async #removeEntry(podUid: string, containerId: string): Promise<void> {
    const directory = this.#directoryOf(podUid, containerId);
    try {
      await removeFile(`${directory}/${FILE}`);
      await removeDirectory(directory);
    } catch (error) {
      // Most containers of a node have no record; one that a crash left half done has other files.
      if (isMissing(error) && (await statusOf(directory).then(() => false, isMissing))) return;
      await removeTree(directory, { recursive: true, force: true });
    }
    // Only the last container's removal finds the pod's directory empty.
    await removeDirectory(`${this.#base}/${podUid}`).catch(() => undefined);
  }

  async #removeWhere(isGone: (containerId: string) => boolean): Promise<void> {
    for (const pod of await listSubdirectories(this.#base)) {
      for (const container of await listSubdirectories(`${this.#base}/${pod}`)) {
        if (isGone(container)) await this.#removeEntry(pod, container);
      }
    }
  }

  #directoryOf(podUid: string, containerId: string): string {
    return `${this.#base}/${checkComponent(podUid)}/${checkComponent(containerId)}`;
  }
}

async function listSubdirectories(path: string): Promise<string[]> {
  try {
    const entries = await listDirectory(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
