/** One command at a time changes a node: a file that says which process. */
import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, readlink, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { owned, writeTemporary } from "../files/durable.ts";
import { nodeError } from "../node/errors.ts";
import type { Host } from "./host.ts";
import { startTime } from "./processes.ts";

interface Holder {
  readonly pid: number;
  readonly startTime: string;
  readonly boot: string;
  /** Pids mean nothing across namespaces. */
  readonly namespace: string;
}

/**
 * Takes the node's lock; disposing gives it back. A lock of a process that has ended is taken over.
 * @throws {NodeError} KF_NODE_LOCKED
 */
export async function lockNode(host: Host, stateDirectory: string): Promise<AsyncDisposable> {
  const path = host.path(join(stateDirectory, "lock"));
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const own = `${path}.${randomUUID()}`;
  // On disk before it is linked: a lock that a power cut emptied would name no holder, and so be held for ever.
  await writeTemporary(own, Buffer.from(JSON.stringify(await ownHolder())), owned(0o600));
  try {
    // Two runs may both find a dead holder; after one of them has cleared it, one of them gets the lock.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (await link(own, path).then(() => true, isTaken)) {
        return { [Symbol.asyncDispose]: () => giveBack(path) };
      }
      await clearDead(path);
    }
  } finally {
    await rm(own, { force: true });
  }
  const holder = await readFile(path, "utf8").catch(() => "");
  const action = `wait for it; if no such process runs on the node, remove ${join(stateDirectory, "lock")}`;
  throw nodeError("KF_NODE_LOCKED", join(stateDirectory, "lock"), `it is held by ${holder}`, { action });
}

async function giveBack(path: string): Promise<void> {
  await rm(path, { force: true });
  // After uninstall nothing is left in it.
  await rmdir(dirname(path)).catch(() => undefined);
}

async function clearDead(path: string): Promise<void> {
  const text = await readFile(path, "utf8").catch(() => "");
  if (text === "" || !(await isDead(text))) return;
  // Whoever renames first has it; if a new lock came in between, it goes back.
  const aside = `${path}.${randomUUID()}`;
  await rename(path, aside).catch(() => undefined);
  const taken = await readFile(aside, "utf8").catch(() => "");
  if (taken !== "" && taken !== text) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isDead(text: string): Promise<boolean> {
  const own = await ownHolder();
  let holder: unknown;
  try {
    holder = JSON.parse(text);
  } catch {
    // It is linked when it is written, so this is none of ours.
    return false;
  }
  if (!isHolder(holder)) return false;
  if (holder.boot !== own.boot) return true;
  return holder.namespace === own.namespace && (await startTime(holder.pid)) !== holder.startTime;
}

async function ownHolder(): Promise<Holder> {
  return {
    pid: process.pid,
    startTime: await startTime("self"),
    boot: (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim(),
    namespace: await readlink("/proc/self/ns/pid"),
  };
}

function isHolder(value: unknown): value is Holder {
  return typeof value === "object" && value !== null && "pid" in value && "startTime" in value && "boot" in value;
}

function isTaken(error: NodeJS.ErrnoException): false {
  if (error.code === "EEXIST") return false;
  throw error;
}
