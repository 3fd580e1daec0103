import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { containerdFile } from "./containerd/daemon.ts";
import { run as runProgram } from "./command.ts";
import { checkout, containerdRelease, type NodeDirectories } from "./directories.ts";
import type { KataInstallation } from "./kata-installation.ts";
import { configurationFile } from "./plugin/process.ts";

const mainProgram = join(checkout, "packages/cli/src/main.ts");

/** How a command ended. */
export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** `kubefence node` on a test node: a release of its own, and all paths inside the node's directories. */
export class NodeSetup {
  readonly #directories: NodeDirectories;
  readonly release: string;
  readonly program: string;
  readonly state: string;

  constructor(directories: NodeDirectories) {
    this.#directories = directories;
    this.release = `${directories.run}/release`;
    this.program = `${directories.run}/opt/kubefence/bin/nono-runc`;
    this.state = `${directories.run}/kubefence-state`;
    rmSync(this.release, { recursive: true, force: true });
    mkdirSync(this.release, { recursive: true });
    for (const name of ["nono", "nono-runc", "profiles", "seccomp"]) {
      const built = join(checkout, "build", name);
      if (!existsSync(built)) throw new Error(`no ${built}: run make build`);
      cpSync(built, join(this.release, name), { recursive: true });
    }
  }

  /** Runs a command to its end. */
  async run(command: string, ...more: string[]): Promise<Ended> {
    const { child, ended } = this.spawn(command, ...more);
    child.stdin?.end();
    return ended;
  }

  /** Starts a command. */
  spawn(command: string, ...more: string[]): { child: ChildProcess; ended: Promise<Ended> } {
    return this.#start(this.#command(command, more));
  }

  /** Runs a command of `kubefence node kata` to its end; `places` says where this node has Kata. */
  async kata(command: string, places: KataInstallation, ...more: string[]): Promise<Ended> {
    return this.spawnKata(command, places, ...more).ended;
  }

  /** Starts one. */
  spawnKata(
    command: string,
    places: KataInstallation,
    ...more: string[]
  ): { child: ChildProcess; ended: Promise<Ended> } {
    const args = [
      ["--state", this.state],
      ["--config", containerdFile(this.#directories)],
      ["--directory", `${this.#directories.run}/opt/kubefence/kata`],
      ["--share-directory", places.share],
      ["--restart", "term"],
    ].flat();
    const started = this.#start([process.execPath, mainProgram, "node", "kata", command, ...args, ...more]);
    started.child.stdin?.end();
    return started;
  }

  #command(command: string, more: string[]): string[] {
    const args = [
      ["--release", this.release],
      ["--plugin-config", configurationFile(this.#directories)],
      ["--program", this.program],
      ["--log", `${this.#directories.logs}/nono-runc.log`],
      ["--state", this.state],
      ["--config", containerdFile(this.#directories)],
      ["--restart", "term"],
    ].flat();
    return [process.execPath, mainProgram, "node", command, ...args, ...more];
  }

  #start([program = "", ...args]: string[]): { child: ChildProcess; ended: Promise<Ended> } {
    const child = spawn(program, args, { stdio: "pipe" });
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
    const ended = new Promise<Ended>((resolve) => {
      child.on("close", (exitCode) => resolve({ exitCode, ...output }));
    });
    return { child, ended };
  }

  /** What the plugin's init container does when it starts. */
  installLauncher(): Promise<Ended> {
    const options = {
      directory: this.#directories.launcher,
      release: this.release,
      config: configurationFile(this.#directories),
      "runtime-config": `${this.program}.json`,
    };
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    return this.#start([process.execPath, mainProgram, "install-launcher", ...args]).ended;
  }

  /** What containerd makes of its files. */
  dump(): Promise<string> {
    const { binaries } = containerdRelease();
    return runProgram(`${binaries}/containerd`, ["--config", containerdFile(this.#directories), "config", "dump"]);
  }

  /** Makes the release a newer one: other programs, another `strict` profile. They do the same. */
  renew(programs: readonly string[] = ["nono", "nono-runc"]): void {
    for (const name of programs) {
      const path = join(this.release, name);
      writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from("newer")]));
    }
    const strict = join(this.release, "profiles/strict.json");
    writeFileSync(strict, `${readFileSync(strict, "utf8")}\n`);
  }

  /** Every file below these folders of the node that node set-up may touch, with mode, owner and content. */
  snapshot(): Record<string, string> {
    const { run, launcher } = this.#directories;
    const files: Record<string, string> = {};
    const add = (path: string): void => {
      const status = statSync(path, { throwIfNoEntry: false });
      if (status === undefined) return;
      const text = status.isFile() ? readFileSync(path, "latin1") : "";
      files[path] = `${status.mode.toString(8)} ${status.uid}:${status.gid} ${text}`;
      if (status.isDirectory()) for (const name of readdirSync(path)) add(join(path, name));
    };
    for (const path of [
      containerdFile(this.#directories),
      join(run, "conf.d"),
      join(run, "opt"),
      join(run, "var"),
      launcher,
    ]) {
      add(path);
    }
    return files;
  }
}
