import { mkdir, readdir, rename, rm, rmdir, writeFile } from "node:fs";
import { promisify } from "node:util";
import { messageOf } from "../errors.ts";
import { checkComponent, formatRecord, type SandboxRecord } from "./record.ts";

const makeDirectory = promisify(mkdir);
const listDirectory = promisify(readdir);
const remove = promisify(rm);
const removeEmptyDirectory = promisify(rmdir);

/** Told of what failed; the record is an inventory, so a failure is a warning and never stops a container. */
export interface StateListener {
  /** `operation` is `write` or `remove`. */
  failed(operation: "write" | "remove", containerId: string, error: string): void;
}

type Operation =
  | { readonly kind: "write"; readonly record: SandboxRecord }
  | { readonly kind: "remove"; readonly podUid: string; readonly containerId: string }
  | { readonly kind: "sweep"; readonly alive: ReadonlySet<string> };

/**
 * The records `<base>/<pod uid>/<container id>/metadata.json`. Operations run one after the other, in the order
 * they were asked for, all of them after the answer to the runtime has left.
 */
export class StateStore {
  readonly #base: string;
  readonly #listener: StateListener;
  #queue: Operation[] = [];
  #working: Promise<void> | undefined;

  constructor(base: string, listener: StateListener) {
    this.#base = base;
    this.#listener = listener;
  }

  write(record: SandboxRecord): void {
    this.#enqueue({ kind: "write", record });
  }

  /** Removes a container's record if there is one. `podUid` may be "": then every pod's directory is looked into. */
  remove(podUid: string, containerId: string): void {
    this.#enqueue({ kind: "remove", podUid, containerId });
  }

  /** Removes the records of containers that are not in `alive`. */
  sweep(alive: ReadonlySet<string>): void {
    this.#enqueue({ kind: "sweep", alive });
  }

  /** Resolves when everything asked for so far is done. */
  async idle(): Promise<void> {
    await this.#working;
  }

  #enqueue(operation: Operation): void {
    this.#queue.push(operation);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      for (const operation of batch) await this.#perform(operation);
    }
    this.#working = undefined;
  }

  async #perform(operation: Operation): Promise<void> {
    try {
      if (operation.kind === "write") await this.#write(operation.record);
      else if (operation.kind === "remove") await this.#remove(operation.podUid, operation.containerId);
      else await this.#sweep(operation.alive);
    } catch (error) {
      const containerId =
        operation.kind === "write"
          ? operation.record.containerId
          : operation.kind === "remove"
            ? operation.containerId
            : "";
      this.#listener.failed(operation.kind === "write" ? "write" : "remove", containerId, messageOf(error));
    }
  }

  async #write(record: SandboxRecord): Promise<void> {
    const directory = this.#directoryOf(record.podUid, record.containerId);
    await makeDirectory(directory, { recursive: true, mode: 0o700 });
    // A reader sees the whole record or none.
    const temporary = `${directory}/.metadata.json.tmp`;
    await promisify(writeFile)(temporary, formatRecord(record, new Date()), { mode: 0o600 });
    await promisify(rename)(temporary, `${directory}/metadata.json`);
  }

  async #remove(podUid: string, containerId: string): Promise<void> {
    if (podUid !== "") {
      await this.#removeEntry(podUid, containerId);
      return;
    }
    checkComponent(containerId);
    for (const { pod, container } of await this.#entries()) {
      if (container === containerId) await this.#removeEntry(pod, container);
    }
  }

  async #sweep(alive: ReadonlySet<string>): Promise<void> {
    for (const { pod, container } of await this.#entries()) {
      if (!alive.has(container)) await this.#removeEntry(pod, container);
    }
  }

  async #removeEntry(podUid: string, containerId: string): Promise<void> {
    await remove(this.#directoryOf(podUid, containerId), { recursive: true, force: true });
    // Only the last container's removal finds the pod's directory empty.
    await removeEmptyDirectory(`${this.#base}/${podUid}`).catch(() => undefined);
  }

  async #entries(): Promise<{ pod: string; container: string }[]> {
    const entries: { pod: string; container: string }[] = [];
    for (const pod of await listSubdirectories(this.#base)) {
      for (const container of await listSubdirectories(`${this.#base}/${pod}`)) entries.push({ pod, container });
    }
    return entries;
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
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
