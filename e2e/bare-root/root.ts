import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { buildLauncher, buildTrial } from "./binaries.ts";
import type { Manifest } from "./manifest.ts";

/** What a sandboxed program left behind. */
export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** One start of the launcher. */
export interface Start {
  /** What is mounted beside the basis: arguments of mount(8), `ROOT` standing for the root's own path. */
  mounts?: string[];
  profile?: string;
  options?: string[];
  command: string[];
  user?: number;
  workingDirectory?: string;
  environment?: Record<string, string>;
  /** A program in the root that becomes the launcher, such as `["/bin/trial", "layers", "3", "--"]`. */
  around?: string[];
  /** Leaves /proc unmounted. */
  withoutProc?: boolean;
}

/** Mode bits, and one number for uid and gid. */
interface Ownership {
  mode?: number;
  owner?: number;
}

const applets = [
  "sh",
  "cat",
  "ls",
  "echo",
  "id",
  "touch",
  "mkdir",
  "mknod",
  "rm",
  "mv",
  "ln",
  "pwd",
  "true",
  "env",
  "grep",
  "sleep",
];
const devices = ["null", "zero"];

/**
 * A folder that plays a container's root: busybox, the trial program and the launcher's directory at /nono.
 * Each start has a mount namespace of its own and nothing else of a container, so what is refused is
 * refused by the launcher.
 */
export class BareRoot {
  readonly path: string;
  readonly launcherDirectory: string;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.path = join(directory, "root");
    this.launcherDirectory = join(directory, "launcher");
  }

  static async create(): Promise<BareRoot> {
    const launcher = await buildLauncher();
    const trial = await buildTrial();
    const root = new BareRoot(mkdtempSync(join(tmpdir(), "kubefence-root-")));
    // Searchable by the users that programs run as.
    chmodSync(root.#directory, 0o755);
    for (const directory of ["bin", "nono", "proc", "dev", "etc", "tmp"]) {
      root.directory(`/${directory}`);
    }
    chmodSync(join(root.path, "tmp"), 0o1777);
    mkdirSync(join(root.launcherDirectory, "profiles"), { recursive: true });
    copyFileSync(launcher, join(root.launcherDirectory, "nono"));
    copyFileSync("/bin/busybox", join(root.path, "bin/busybox"));
    copyFileSync(trial, join(root.path, "bin/trial"));
    for (const applet of applets) {
      root.link(`/bin/${applet}`, "busybox");
    }
    for (const device of devices) {
      root.file(`/dev/${device}`);
    }
    root.file("/etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n");
    return root;
  }

  /** Removes the folder. */
  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }

  /** The path on the host of `path` in the root. */
  at(path: string): string {
    return join(this.path, path);
  }

  /** Writes a file, its parents as needed. */
  file(path: string, content = "content\n", { mode = 0o644, owner = 0 }: Ownership = {}): void {
    this.directory(dirname(path));
    writeFileSync(this.at(path), content);
    chmodSync(this.at(path), mode);
    chownSync(this.at(path), owner, owner);
  }

  /** Makes a directory, its parents as needed. */
  directory(path: string, { mode = 0o755, owner = 0 }: Ownership = {}): void {
    mkdirSync(this.at(path), { recursive: true });
    chmodSync(this.at(path), mode);
    chownSync(this.at(path), owner, owner);
  }

  /** Makes a symbolic link at `path`. */
  link(path: string, target: string): void {
    this.directory(dirname(path));
    symlinkSync(target, this.at(path));
  }

  /** Installs a profile; a string is written as it is. */
  profile(name: string, manifest: Manifest | string): void {
    const json = typeof manifest === "string" ? manifest : JSON.stringify({ version: "0.1.0", ...manifest });
    writeFileSync(join(this.launcherDirectory, "profiles", `${name}.json`), json);
  }

  /** Runs `start.command` under the launcher. */
  run(start: Start): Promise<Outcome> {
    const options = ["--profile", start.profile ?? "test", ...(start.options ?? [])];
    return this.runPlain({ ...start, command: ["/nono/nono", "wrap", ...options, "--", ...start.command] });
  }

  /** Runs `start.command` in the root, without the launcher unless it is the command. */
  async runPlain(start: Start): Promise<Outcome> {
    const child = spawn("/usr/bin/unshare", ["--mount", "/bin/sh", "-euc", this.#script(start)], {
      env: {},
      stdio: ["ignore", "pipe", "pipe"],
    });
    const exited = new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve(code ?? (signal === null ? -1 : 128)));
    });
    const [status, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
    return { status, stdout, stderr };
  }

  #script(start: Start): string {
    const lines = [
      "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
      `mount --bind ${this.path} ${this.path}`,
      `mount --bind ${this.launcherDirectory} ${this.path}/nono`,
      `mount -o remount,bind,ro ${this.path}/nono`,
      ...devices.map((device) => `mount --bind /dev/${device} ${this.path}/dev/${device}`),
      ...(start.withoutProc ? [] : [`mount -t proc proc ${this.path}/proc`]),
      ...(start.mounts ?? []).map((mount) => `mount ${mount.replaceAll("ROOT", this.path)}`),
    ];
    const environment = Object.entries({ PATH: "/bin", ...start.environment }).map(([key, value]) => `${key}=${value}`);
    const user = start.user === undefined ? [] : ["-S", String(start.user), "-G", String(start.user)];
    const enter = ["/usr/bin/unshare", "-R", this.path, "-w", start.workingDirectory ?? "/", ...user];
    const final = ["/usr/bin/env", "-i", ...environment, ...enter, ...(start.around ?? []), ...start.command];
    return [...lines, `exec ${final.map(quote).join(" ")}`].join("\n");
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
