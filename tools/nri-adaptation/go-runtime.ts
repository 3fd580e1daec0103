/** Drives main.go: the official Go runtime library, without a container runtime around it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const NRI_VERSIONS = ["0.11.0", "0.12.0", "0.12.5"] as const;

export interface GoRuntimeOptions {
  readonly nriVersion: (typeof NRI_VERSIONS)[number];
  readonly socketPath: string;
  readonly requestTimeoutMs?: number;
  /** Folders of plugins that the runtime starts itself, and of their configuration. */
  readonly pluginPath?: string;
  readonly configPath?: string;
}

/** The messages of the library, as far as tests look into them. */
export interface Answer {
  readonly adjust?: {
    readonly args?: string[];
    readonly annotations?: Record<string, string>;
    readonly env?: { readonly key: string; readonly value?: string }[];
    readonly mounts?: { readonly destination: string }[];
  };
  readonly update?: { readonly containerId: string }[];
}

interface Report {
  readonly id?: number;
  readonly event?: string;
  readonly response?: Answer;
  readonly error?: string;
}

/** Builds main.go for every version; quick when it is built. */
export function buildGoRuntimes(): void {
  execFileSync(join(import.meta.dirname, "build.sh"), { stdio: ["ignore", "ignore", "inherit"] });
}

export class GoRuntime {
  readonly #process: ChildProcess;
  readonly #answers = new Map<number, PromiseWithResolvers<Answer>>();
  readonly #events: Report[] = [];
  readonly #waiting: { event: string; resolve: (report: Report) => void }[] = [];
  #lastId = 0;
  /** What the library logs. */
  log = "";

  constructor(options: GoRuntimeOptions) {
    const cache = process.env["KUBEFENCE_CACHE"] || join(homedir(), ".cache", "kubefence");
    const program = join(cache, "bin", `nri-adaptation-${options.nriVersion}`);
    const { socketPath, requestTimeoutMs = 2000, pluginPath = "", configPath = "" } = options;
    const args = ["-socket", socketPath, "-timeout", `${requestTimeoutMs}ms`];
    args.push("-plugins", pluginPath, "-config", configPath);
    this.#process = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#process.stderr?.on("data", (chunk: Buffer) => (this.log += chunk.toString()));
    if (this.#process.stdout === null) throw new Error(`${program} has no standard output`);
    createInterface(this.#process.stdout).on("line", (line) => {
      const report: Report = JSON.parse(line);
      this.#receive(report);
    });
    this.#process.on("error", (error) => this.#fail(error));
    this.#process.on("exit", (code) => this.#fail(new Error(`${program} ended with ${code}: ${this.log}`)));
  }

  /** Any method of the library, with messages as protobuf's JSON. Rejects with the library's error text. */
  call(method: string, request: object = {}): Promise<Answer> {
    const id = (this.#lastId += 1);
    const answer = Promise.withResolvers<Answer>();
    this.#answers.set(id, answer);
    this.#process.stdin?.write(`${JSON.stringify({ id, do: method, request })}\n`);
    return answer.promise;
  }

  /** The next report of this name, which may be there already. Rejects with its error. */
  async event(name: string): Promise<Answer> {
    const at = this.#events.findIndex((report) => report.event === name);
    const report =
      at >= 0
        ? this.#events.splice(at, 1)[0]
        : await new Promise<Report>((resolve) => this.#waiting.push({ event: name, resolve }));
    if (report?.error !== undefined) throw new Error(report.error);
    return report?.response ?? {};
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.stdin?.end();
    await once(this.#process, "exit");
  }

  #receive(report: Report): void {
    if (report.id !== undefined) {
      const answer = this.#answers.get(report.id);
      this.#answers.delete(report.id);
      if (report.error === undefined) answer?.resolve(report.response ?? {});
      else answer?.reject(new Error(report.error));
      return;
    }
    const at = this.#waiting.findIndex((each) => each.event === report.event);
    const [waiting] = at >= 0 ? this.#waiting.splice(at, 1) : [];
    if (waiting === undefined) this.#events.push(report);
    else waiting.resolve(report);
  }

  #fail(error: Error): void {
    for (const answer of this.#answers.values()) answer.reject(error);
    this.#answers.clear();
  }
}
