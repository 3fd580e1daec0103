import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.ts";
import { cache, checkout, type NodeDirectories, runcRelease } from "../directories.ts";
import { configurationFile } from "../plugin/process.ts";

/** nono-runc as an installation has it: outside the launcher's directory, its configuration beside it. */
export class RuntimeInstallation {
  readonly directories: NodeDirectories;
  readonly #name: string;
  readonly #runtime: string;

  /** `name` is the program's; `runtime` the real one, runc unless said otherwise. */
  constructor(
    directories: NodeDirectories,
    name = "nono-runc",
    runtime: string = join(runcRelease().binaries, "runc"),
  ) {
    this.directories = directories;
    this.#name = name;
    this.#runtime = runtime;
  }

  /** Installs the program, and its configuration from the plugin's, which has to be there. */
  async install(): Promise<void> {
    const built = join(cache, "bin/nono-runc");
    if (!existsSync(built)) {
      throw new Error(`no nono-runc at ${built}: run native/build.sh`);
    }
    mkdirSync(join(this.program, ".."), { recursive: true });
    rmSync(this.program, { force: true });
    copyFileSync(built, this.program);
    chmodSync(this.program, 0o755);
    await this.configure();
  }

  /** Writes its configuration from the plugin's and the profiles as they are now. */
  async configure(): Promise<void> {
    await run(process.execPath, [
      join(checkout, "packages/cli/src/main.ts"),
      "runtime-config",
      "--config",
      configurationFile(this.directories),
      "--runtime",
      this.#runtime,
      "--log",
      this.#log,
      "--output",
      `${this.program}.json`,
    ]);
  }

  /** Puts members into its configuration for as long as `during` takes. */
  async withConfiguration(members: object, during: () => Promise<void>): Promise<void> {
    const path = `${this.program}.json`;
    const configuration: object = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...configuration, ...members }));
    try {
      await during();
    } finally {
      await this.configure();
    }
  }

  /** Directory of a container's bundle. */
  bundle(containerId: string): string {
    return join(this.directories.run, "state/io.containerd.runtime.v2.task/k8s.io", containerId);
  }

  /** Path of the program: the BinaryName of the handler. */
  get program(): string {
    return join(this.directories.run, "bin", this.#name);
  }

  /** What it refused so far, and the execs that it let through. */
  records(): RuntimeRecord[] {
    if (!existsSync(this.#log)) {
      return [];
    }
    const lines = readFileSync(this.#log, "utf8").split("\n").slice(0, -1);
    return lines.map((line): RuntimeRecord => JSON.parse(line));
  }

  get #log(): string {
    return join(this.directories.logs, `${this.#name}.log`);
  }
}

/** A line of nono-runc's log. */
export interface RuntimeRecord {
  msg: "refused" | "exec allowed without sandbox";
  reason: string;
  subcommand: string;
  container_id: string;
  namespace: string;
  pod: string;
  container: string;
  error?: string;
  command?: string;
}
