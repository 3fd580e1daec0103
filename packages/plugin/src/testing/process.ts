import { spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LauncherDirectory } from "./fake-launcher.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The daemon as a process of its own, with what it prints. Ends with the test that made it. */
export class DaemonProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  stdout = "";
  stderr = "";

  /** `wrapper` is a command that runs Node, such as `setarch`. The environment is `env` and nothing else. */
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, wrapper: readonly string[] = []) {
    const [command = process.execPath, ...rest] = [...wrapper, process.execPath, MAIN, ...args];
    this.child = spawn(command, rest, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.exited = new Promise((resolve) => {
      this.child.on("close", (code, signal) => resolve({ code, signal }));
    });
  }

  /** The JSON records on stdout so far with that message. */
  records(message: string): Record<string, unknown>[] {
    const lines = this.stdout.split("\n").slice(0, -1);
    return lines.map((line): Record<string, unknown> => JSON.parse(line)).filter(({ msg }) => msg === message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
  }
}

/** A node's files: launcher, profiles, configuration; gone with the test. */
export class NodeFiles implements Disposable {
  readonly launcher: LauncherDirectory;
  readonly socket: string;
  readonly configuration: string;

  constructor(launcher?: Buffer) {
    this.launcher = new LauncherDirectory(launcher);
    this.socket = join(this.launcher.root, "nri.sock");
    this.configuration = join(this.launcher.root, "config.toml");
    this.configure("");
  }

  /** Writes the configuration, with `more` lines. */
  configure(more: string): void {
    const lines = [
      'runtime_classes = ["nono-runc"]',
      'default_profile = "default"',
      `nono_bin_path = ${JSON.stringify(this.launcher.nono)}`,
      `socket_path = ${JSON.stringify(this.socket)}`,
      `state_directory = ${JSON.stringify(join(this.launcher.root, "state"))}`,
      more,
    ];
    writeFileSync(this.configuration, lines.join("\n"));
  }

  [Symbol.dispose](): void {
    this.launcher[Symbol.dispose]();
  }
}
