import { stat, watch, type FSWatcher } from "node:fs";
import { promisify } from "node:util";

/** Runs a check again when one of the directories changes and, whatever happens, at an interval. */
export interface DirectoryWatch {
  close(): void;
}

/** Several changes within this time are one. */
const SETTLE_MS = 100;

/**
 * Watches `directories` (which may come and go) and runs `check` off the create path, never twice at once.
 * Failing to watch is no error: the interval remains.
 */
export function watchDirectories(
  directories: readonly string[],
  intervalMs: number,
  check: () => Promise<void>,
): DirectoryWatch {
  const watchers = new Map<string, { watcher: FSWatcher; inode: number }>();
  let settling: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;
  let closed = false;

  const soon = (): void => {
    settling ??= setTimeout(() => {
      settling = undefined;
      void run();
    }, SETTLE_MS).unref();
  };

  const run = async (): Promise<void> => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await Promise.all(directories.map(watchOne));
      await check();
    } finally {
      running = false;
      if (again) {
        again = false;
        soon();
      }
    }
  };

  // A directory that was replaced has another inode, and its old watch reports nothing any more.
  const watchOne = async (directory: string): Promise<void> => {
    const inode = await promisify(stat)(directory).then(
      ({ ino }) => ino,
      () => undefined,
    );
    const known = watchers.get(directory);
    if (closed || known?.inode === inode) return;
    known?.watcher.close();
    watchers.delete(directory);
    if (inode === undefined) return;
    try {
      const watcher = watch(directory, { persistent: false }, soon);
      watcher.on("error", () => {
        watcher.close();
        watchers.delete(directory);
      });
      watchers.set(directory, { watcher, inode });
    } catch {
      // Too many watches on the node, or the directory just went away: the interval finds the change.
    }
  };

  for (const directory of directories) void watchOne(directory);
  const interval = setInterval(() => void run(), intervalMs).unref();
  return {
    close(): void {
      closed = true;
      clearInterval(interval);
      clearTimeout(settling);
      for (const { watcher } of watchers.values()) watcher.close();
    },
  };
}
