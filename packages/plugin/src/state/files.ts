import { lstat, mkdir, readdir, rename, rm, rmdir, unlink, writeFile } from "../promised-fs.ts";
import { checkComponent } from "./record.ts";

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
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const temporary = `${directory}/.${FILE}.tmp`;
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, `${directory}/${FILE}`);
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
      await unlink(`${directory}/${FILE}`);
      await rmdir(directory);
    } catch (error) {
      // Most containers of a node have no record; one that a crash left half done has other files.
      if (isMissing(error) && (await lstat(directory).then(() => false, isMissing))) return;
      await rm(directory, { recursive: true, force: true });
    }
    // Only the last container's removal finds the pod's directory empty.
    await rmdir(`${this.#base}/${podUid}`).catch(() => undefined);
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
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
