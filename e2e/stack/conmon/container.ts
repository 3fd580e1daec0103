import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { NodeDirectories } from "../directories.ts";
import { busyboxPath } from "../images/parts.ts";
import { cgroupParent } from "../leftovers.ts";

/** What a program that ran to its end said. */
export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * A container as CRI-O makes one, without CRI-O: a bundle with its annotations, created by the real conmon, started and
 * entered with the arguments that CRI-O and conmon pass.
 */
export class ConmonContainer {
  readonly id: string = randomUUID().replaceAll("-", "");
  readonly #program: string;
  readonly #directory: string;
  readonly #root: string;
  readonly #cgroupParent: string;
  readonly #environment: string[];

  constructor(directories: NodeDirectories, program: string, environment: string[]) {
    this.#program = program;
    this.#directory = join(directories.run, "conmon", this.id);
    this.#root = join(directories.run, "conmon/root");
    this.#environment = environment;
    this.#cgroupParent = cgroupParent(directories);
    const rootfs = join(this.bundle, "rootfs");
    for (const directory of ["bin", "proc", "dev", "etc", "tmp", "root", "nono"]) {
      mkdirSync(join(rootfs, directory), { recursive: true });
    }
    mkdirSync(this.#root, { recursive: true });
    copyFileSync(busyboxPath, join(rootfs, "bin/busybox"));
    for (const name of ["sh", "cat", "sleep", "echo", "touch"]) {
      symlinkSync("busybox", join(rootfs, "bin", name));
    }
    writeFileSync(join(rootfs, "etc/passwd"), "root:x:0:0::/root:/bin/sh\n");
    // Readable for all, so that a denial shows the sandbox.
    writeFileSync(join(rootfs, "etc/shadow"), "secret\n", { mode: 0o644 });
  }

  get bundle(): string {
    return join(this.#directory, "userdata");
  }

  /** Writes config.json: what the engine and the plugin make of a container with this command. */
  configure(launcherDirectory: string, args: string[], annotations: Record<string, string> = {}): void {
    const capabilities = ["CAP_KILL", "CAP_DAC_OVERRIDE"];
    const configuration = {
      ociVersion: "1.1.0",
      process: {
        user: { uid: 0, gid: 0 },
        args,
        env: ["PATH=/nono:/bin"],
        cwd: "/tmp",
        capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      },
      root: { path: "rootfs" },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
        { destination: "/nono", type: "bind", source: launcherDirectory, options: ["bind", "ro", "rprivate"] },
      ],
      annotations: {
        "io.kubernetes.cri-o.ContainerType": "container",
        "io.kubernetes.cri-o.SandboxID": "f".repeat(64),
        "io.kubernetes.pod.namespace": "team",
        "io.kubernetes.pod.name": "web",
        "io.kubernetes.pod.uid": randomUUID(),
        "io.kubernetes.container.name": "main",
        ...annotations,
      },
      linux: {
        cgroupsPath: `${this.#cgroupParent}/${this.id}`,
        namespaces: ["pid", "mount", "ipc", "uts", "network"].map((type) => ({ type })),
      },
    };
    writeFileSync(join(this.bundle, "config.json"), JSON.stringify(configuration), { mode: 0o600 });
  }

  /** `conmon` as CRI-O's CreateContainer calls it. */
  async create(): Promise<Ended> {
    const pidFile = join(this.bundle, "pidfile");
    const ended = await this.#conmon(
      { "container-pidfile": pidFile, "persist-dir": this.bundle, "log-path": `k8s-file:${this.bundle}/log` },
      "--no-new-keyring",
    );
    // conmon goes on in the background.
    for (let waited = 0; ended.exitCode === 0 && !existsSync(pidFile) && waited < 100; waited++) {
      await delay(50);
    }
    return ended;
  }

  /** The runtime as CRI-O calls it itself. */
  runtime(...args: string[]): Promise<Ended> {
    return this.#run(this.#program, "--root", this.#root, ...args);
  }

  /** A streaming exec: CRI-O calls the runtime and waits for it. */
  async exec(...command: string[]): Promise<Ended> {
    const file = this.#processFile(command);
    try {
      return await this.runtime("exec", "--process", file, this.id);
    } finally {
      rmSync(file);
    }
  }

  /** An exec in one go: through conmon, whose log has the output. */
  async execSync(...command: string[]): Promise<string> {
    const file = this.#processFile(command);
    const log = join(this.#directory, `exec-${randomUUID()}`);
    await this.#conmon(
      { "container-pidfile": `${log}.pid`, "exec-process-spec": file, "log-path": `k8s-file:${log}` },
      "--exec",
    );
    for (let waited = 0; waited < 100; waited++) {
      const text = existsSync(log) ? readFileSync(log, "utf8") : "";
      if (text !== "") return text;
      await delay(50);
    }
    return "";
  }

  async remove(): Promise<void> {
    await this.runtime("delete", "--force", this.id);
    // conmon outlives the container and writes its exit file into the directory meanwhile.
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  }

  #processFile(args: string[]): string {
    const { process: first } = JSON.parse(readFileSync(join(this.bundle, "config.json"), "utf8"));
    const file = join(this.#directory, `exec-process-${randomUUID()}`);
    writeFileSync(file, JSON.stringify({ ...first, args }), { mode: 0o600 });
    return file;
  }

  #conmon(options: Record<string, string>, flag: string): Promise<Ended> {
    const all = {
      cid: this.id,
      cuuid: this.id,
      name: "main",
      runtime: this.#program,
      bundle: this.bundle,
      "exit-dir": this.#directory,
      "socket-dir-path": this.#directory,
      "runtime-arg": `--root=${this.#root}`,
      ...options,
    };
    return this.#run("conmon", flag, ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]));
  }

  #run(...argv: string[]): Promise<Ended> {
    const [program = "", ...args] = [...this.#environment, ...argv];
    return new Promise((resolve) => {
      const child = execFile(program, args, { timeout: 30_000 }, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ exitCode, stdout, stderr });
      });
      child.stdin?.end();
    });
  }
}
