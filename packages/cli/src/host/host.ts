/** The node as files and programs. Reads only. */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, lstat, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { nodeError } from "../node/errors.ts";
import { inside } from "./inside.ts";
import { isMissing, messageOf } from "../thrown.ts";

/** How a program ended. `code` is undefined where it could not be started or was killed. */
export interface Ended {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const maxFileBytes = 16 * 1024 * 1024;

/** A node, seen from itself or from a pod that has the node's root mounted at `root`. */
export class Host {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Where we find a path of the node; if it is a link, the link. */
  path(path: string): string {
    return this.root === "/" ? path : inside(this.root, path, "keep");
  }

  /** Where we find what a path of the node leads to. */
  target(path: string): string {
    return this.root === "/" ? path : inside(this.root, path, "follow");
  }

  /** A file's bytes, undefined when there is none. @throws {NodeError} KF_NODE_READ */
  async read(path: string): Promise<Buffer | undefined> {
    try {
      const status = await stat(this.target(path));
      if (!status.isFile()) throw new Error("it is no file");
      if (status.size > maxFileBytes) throw new Error(`it is larger than ${maxFileBytes} bytes`);
      return await readFile(this.target(path));
    } catch (cause) {
      if (isAbsent(cause)) return undefined;
      throw nodeError("KF_NODE_READ", path, messageOf(cause), { cause });
    }
  }

  /** A file's text; a file that is not UTF-8 is an error. */
  async readText(path: string): Promise<string | undefined> {
    const bytes = await this.read(path);
    if (bytes === undefined) return undefined;
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (cause) {
      throw nodeError("KF_NODE_READ", path, "it is not UTF-8", { cause });
    }
  }

  /** A small file of /proc or /sys, empty when it is not there. */
  async readShort(path: string): Promise<string> {
    return readFile(this.target(path), "utf8").catch(() => "");
  }

  /** Names in a folder; none when it is not there. */
  async list(path: string): Promise<string[]> {
    return readdir(this.target(path)).catch(() => []);
  }

  async exists(path: string): Promise<boolean> {
    return lstat(this.path(path)).then(
      () => true,
      () => false,
    );
  }

  async isLink(path: string): Promise<boolean> {
    return lstat(this.path(path)).then(
      (status) => status.isSymbolicLink(),
      () => false,
    );
  }

  /** True where the path, or what there is of it, lies on a file system that is mounted read-only. */
  async isReadOnly(path: string): Promise<boolean> {
    for (let place = path; ; place = join(place, "..")) {
      const code = await access(this.target(place), constants.W_OK).then(
        () => "",
        (error: NodeJS.ErrnoException) => error.code,
      );
      if (code !== "ENOENT" || place === "/") return code === "EROFS";
    }
  }

  /** Runs a program of the node to its end. Never throws. */
  run(program: string, args: readonly string[], timeoutMs = 60_000): Promise<Ended> {
    const [file, ...before] = [...this.#prefix, program];
    return new Promise((resolve) => {
      const limits = { timeout: timeoutMs, maxBuffer: maxFileBytes, env: { PATH: programPath } } as const;
      execFile(file ?? program, [...before, ...args], limits, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        resolve({
          code: typeof code === "number" ? code : undefined,
          stdout,
          stderr: stderr || (error?.message ?? ""),
        });
      });
    });
  }

  // The node's programs need the node's files: its libraries, its configuration, systemd's socket.
  get #prefix(): string[] {
    return this.root === "/" ? [] : ["nsenter", "--target", "1", "--mount", "--"];
  }

  /**
   * Makes sure that process 1 is the node's: else we would look for the runtime among the pod's own processes.
   * @throws {NodeError} KF_NODE_READ
   */
  async requireNodeProcesses(): Promise<void> {
    if (this.root === "/") return;
    const [node, first] = await Promise.all(
      [this.path("/etc"), "/proc/1/root/etc"].map((path) => stat(path).catch(() => undefined)),
    );
    if (node !== undefined && node.dev === first?.dev && node.ino === first.ino) return;
    const action = "run it with hostPID: true, privileged, and the node's / mounted at --root";
    throw nodeError("KF_NODE_READ", this.root, "process 1 is not the node's", { action });
  }
}

const programPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A host's programs are looked for here, as containerd's own PATH usually is. */
export const programFolders: readonly string[] = programPath.split(":");

function isAbsent(error: unknown): boolean {
  return isMissing(error) || (error instanceof Error && "code" in error && error.code === "ENOTDIR");
}
