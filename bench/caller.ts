import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { priority } from "./priority.ts";

/** `wire`: the Go ttRPC client straight on the mux. `adaptation`: NRI's runtime library in Go. */
export type RuntimeKind = "wire" | "adaptation";

/** One measurement by the Go caller; see `load` in go-caller/measure.go. */
export interface Load {
  readonly plugins: readonly string[];
  readonly requests: number;
  readonly callers: number;
  readonly block: number;
  readonly sandboxed: boolean;
  /** A file with the container's own seccomp filter in OCI's JSON. */
  readonly seccompFilter?: string;
}

interface Answer {
  readonly error?: string;
  readonly pid?: number;
  readonly exitCode: number;
  readonly nanoseconds?: number;
  readonly times?: Readonly<Record<string, readonly number[]>>;
  readonly filtered?: Readonly<Record<string, number>>;
  readonly requestBytes?: number;
}

// Both plugins write their state below /var/run/nono-nri: there is a tmpfs on /var/run that ends with the namespace.
const privateState = 'mount -t tmpfs -o mode=0755 tmpfs /var/run && exec "$@"';

/**
 * The Go program that plays the container runtime (bench/go-caller), in a mount namespace of its own. Plugins are its
 * children. One command at a time; every method rejects with what the caller said.
 */
export class Caller {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  constructor(program: string, kind: RuntimeKind, directory: string) {
    const shell = ["unshare", "--mount", "sh", "-c", privateState, "sh"];
    const [enter, ...args] = [...priority, ...shell, program, "--runtime", kind, "--directory", directory];
    this.#process = spawn(enter, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#ended = once(this.#process, "exit");
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Starts a plugin; resolves when it is synchronized, with its pid and the time from fork to there. */
  async start(plugin: string, argv: readonly string[]): Promise<{ pid: number; startMs: number }> {
    const { pid = 0, nanoseconds = 0 } = await this.#ask({ command: "start", plugin, argv });
    return { pid, startMs: nanoseconds / 1e6 };
  }

  /** Sends SIGTERM and waits; the exit code is -1 where the plugin had to be killed. */
  async stop(plugin: string): Promise<number> {
    return (await this.#ask({ command: "stop", plugin })).exitCode;
  }

  /** Runs a process to its end; milliseconds from before the fork. */
  async runProcess(argv: readonly string[]): Promise<number> {
    return ((await this.#ask({ command: "process", argv })).nanoseconds ?? 0) / 1e6;
  }

  /** Round trips of CreateContainer for each plugin, in microseconds, in order of sending. */
  async measure(load: Load): Promise<ReadonlyMap<string, readonly number[]>> {
    return (await this.measureFiltered(load)).times;
  }

  /** The same, and in how many answers each plugin set a seccomp filter. */
  async measureFiltered(
    load: Load,
  ): Promise<{ times: ReadonlyMap<string, readonly number[]>; filtered: Readonly<Record<string, number>> }> {
    const { times = {}, filtered = {} } = await this.#ask({ command: "measure", load });
    const micros = Object.entries(times).map(
      ([plugin, values]) => [plugin, values.map((value) => value / 1e3)] as const,
    );
    return { times: new Map(micros), filtered };
  }

  /** Size of the CreateContainer request that is sent. */
  async requestBytes(): Promise<number> {
    return (await this.#ask({ command: "describe" })).requestBytes ?? 0;
  }

  /** Stops the plugins that still run and the caller itself. */
  async close(): Promise<void> {
    this.#process.stdin.end();
    await this.#ended;
  }

  async #ask(command: Record<string, unknown>): Promise<Answer> {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    const line = await this.#lines.next();
    if (line.done === true) {
      throw new Error(`the Go caller ended without an answer (exit code ${String(this.#process.exitCode)})`);
    }
    const answer: Answer = JSON.parse(line.value);
    if (answer.error !== undefined) {
      throw new Error(answer.error);
    }
    return answer;
  }
}
