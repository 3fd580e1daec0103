/**
 * An ext4 file system inside an image file, by e2fsprogs: no root, no loop device, no mount. debugfs says little about what
 * it could not do (a file that does not fit is cut off, with exit code 0), so whoever writes reads back.
 */
import { rm, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { runProgram } from "./program.ts";

/** What stands at a path. */
export interface Entry {
  readonly type: "regular" | "directory" | "symlink" | "other";
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Paths are of the kind that `isPlainPath` lets through: debugfs has no way to quote others. */
export class Ext4 {
  readonly #directory: string;
  readonly #device: string;

  /** `image` is a file's plain name in `directory`; the file system begins at `offset`. Scratch files go there too. */
  constructor(directory: string, image: string, offset: number) {
    this.#directory = directory;
    this.#device = `${image}?offset=${offset}`;
  }

  /** What is wrong with the file system, or undefined. Reads only. */
  async damage(): Promise<string | undefined> {
    const { exitCode, stdout, stderr } = await runProgram("e2fsck", ["-f", "-n", this.#device], this.#directory);
    if (exitCode === 0) {
      const { stdout: features } = await this.#debugfs("features");
      return features.includes("needs_recovery") ? "its journal has to be replayed" : undefined;
    }
    const lines = `${stdout}\n${stderr}`
      .split("\n")
      .filter((line) => line !== "" && !/^(?:Pass \d|e2fsck \d)/.test(line));
    return `e2fsck found: ${lines[0] ?? `exit code ${exitCode}`}`;
  }

  /** What is at the path itself (a link is not followed), or undefined where nothing is. */
  async entry(path: string): Promise<Entry | undefined> {
    const { stdout } = await this.#debugfs(`stat ${path}`);
    const [, type, mode] =
      /^Inode: \d+ +Type: (\w+|FIFO|character special|block special) +Mode: +([0-7]+)/m.exec(stdout) ?? [];
    const [, uid, gid] = /^User: +(\d+) +Group: +(\d+)/m.exec(stdout) ?? [];
    if (type === undefined || mode === undefined) return undefined;
    return {
      type: type === "regular" || type === "directory" || type === "symlink" ? type : "other",
      mode: Number.parseInt(mode, 8) & 0o7777,
      uid: Number(uid),
      gid: Number(gid),
    };
  }

  /** The content of a regular file, as far as the file system gives it out. */
  async read(path: string): Promise<Buffer> {
    const scratch = join(this.#directory, "read-back");
    await rm(scratch, { force: true });
    await this.#debugfs(`dump ${path} read-back`);
    return readFile(scratch).catch(() => Buffer.alloc(0));
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#change([`mkdir ${path}`]);
  }

  /** Puts a file there, owned by root, in place of the file or link that was there. */
  async write(path: string, bytes: Uint8Array, mode: number): Promise<void> {
    await writeFile(join(this.#directory, "content"), bytes);
    const name = basename(path);
    const before = (await this.entry(path)) === undefined ? [] : [`rm ${name}`];
    await this.#change([
      `cd ${dirname(path)}`,
      ...before,
      `write content ${name}`,
      `set_inode_field ${name} mode 0100${mode.toString(8)}`,
      `set_inode_field ${name} uid 0`,
      `set_inode_field ${name} gid 0`,
    ]);
  }

  async #change(commands: readonly string[]): Promise<void> {
    await writeFile(join(this.#directory, "commands"), `${commands.join("\n")}\n`);
    await runProgram("debugfs", ["-w", "-f", "commands", this.#device], this.#directory);
  }

  #debugfs(request: string): Promise<{ stdout: string }> {
    return runProgram("debugfs", ["-R", request, this.#device], this.#directory);
  }
}

/** Whether a path is absolute, clean, and of characters that debugfs reads as they stand. */
export function isPlainPath(path: string): boolean {
  const parts = path.split("/").slice(1);
  return (
    path.startsWith("/") &&
    path.length <= 255 &&
    parts.every((part) => /^[A-Za-z0-9._+@-]+$/.test(part) && part !== "." && part !== ".." && !part.startsWith("-"))
  );
}
