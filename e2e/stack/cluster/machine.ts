import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../command.ts";
import { recordPid, runningPid, startDaemon, stopDaemon } from "../daemon.ts";
import { namespacePath } from "../network.ts";
import type { ClusterDirectories } from "./directories.ts";
import { writeRunDirectory } from "./layout.ts";
import type { Service } from "./services.ts";

/** The node as a machine that is switched on and off: a pid, mount and network namespace with init.sh as first process. */
export class Machine {
  readonly #directories: ClusterDirectories;

  constructor(directories: ClusterDirectories) {
    this.#directories = directories;
  }

  /** Boots it. The services in `down` wait for {@link startService}. */
  async switchOn(down: readonly Service[] = []): Promise<void> {
    const { root, lib, logs, run: runDirectory } = this.#directories;
    writeRunDirectory(this.#directories, down);
    startDaemon(
      { pidFile: this.#parentPidFile, logFile: `${logs}/machine.log` },
      "nsenter",
      [
        `--net=${namespacePath(this.#directories)}`,
        "unshare",
        "--mount",
        "--propagation=private",
        "--uts",
        "--ipc",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        join(import.meta.dirname, "init.sh"),
        root,
        lib,
        logs,
      ],
      { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    );
    const parent = runningPid(this.#parentPidFile);
    const pid = await poll(() => (parent === undefined ? undefined : childOf(parent)), 10_000);
    if (pid === undefined) {
      throw new Error(`the node did not start; see ${runDirectory} and ${logs}/machine.log`);
    }
    recordPid(this.#pidFile, pid);
  }

  /** Switches it off, as a power cut does: every process, mount and network of its pods is gone with its first process. */
  async switchOff(): Promise<void> {
    await stopDaemon(this.#parentPidFile, "SIGKILL");
    await stopDaemon(this.#pidFile, "SIGKILL");
  }

  /** Starts a service that waits. */
  startService(service: Service): void {
    rmSync(this.#serviceFile(service, "down"), { force: true });
  }

  /** Stops a service by SIGTERM and waits until it has ended; nothing starts it again before {@link startService}. */
  async stopService(service: Service): Promise<void> {
    writeFileSync(this.#serviceFile(service, "down"), "");
    const pid = this.servicePid(service);
    if (pid !== undefined) {
      await this.#signal(pid, "TERM");
      if ((await poll(() => (this.servicePid(service) === pid ? undefined : true), 30_000)) === undefined) {
        throw new Error(`${service} did not stop; see ${this.#directories.logs}/${service}.log`);
      }
    }
  }

  /** Has a service ended by a signal and waits until it runs again as another process. */
  async restartService(service: Service, signal: "TERM" | "KILL" = "TERM"): Promise<void> {
    const before = this.servicePid(service);
    if (before === undefined) {
      throw new Error(`${service} does not run`);
    }
    await this.#signal(before, signal);
    const after = await poll(() => {
      const now = this.servicePid(service);
      return now === before ? undefined : now;
    }, 30_000);
    if (after === undefined) {
      throw new Error(`${service} did not come back; see ${this.#directories.logs}/${service}.log`);
    }
  }

  /** Pid of a service in the node's own count; undefined while it does not run. */
  servicePid(service: Service): number | undefined {
    const file = this.#serviceFile(service, "pid");
    return existsSync(file) ? Number(readFileSync(file, "utf8")) || undefined : undefined;
  }

  /** Runs a program of the machine on the node and returns its standard output. */
  inside(program: string, ...args: string[]): Promise<string> {
    const pid = runningPid(this.#pidFile);
    if (pid === undefined) {
      throw new Error("the node is off");
    }
    return run("nsenter", [`--target=${pid}`, "--mount", "--uts", "--ipc", "--net", "--pid", "--", program, ...args]);
  }

  // The shell's own kill: a bare Debian has no program of that name.
  async #signal(pid: number, signal: "TERM" | "KILL"): Promise<void> {
    await this.inside("sh", "-c", `kill -${signal} ${pid}`);
  }

  #serviceFile(service: Service, name: string): string {
    return join(this.#directories.root, "run/services", service, name);
  }

  get #parentPidFile(): string {
    return `${this.#directories.run}/unshare.pid`;
  }

  get #pidFile(): string {
    return `${this.#directories.run}/init.pid`;
  }
}

function childOf(pid: number): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return children === "" ? undefined : Number(children.split(" ")[0]);
}

/** Asks until there is an answer; undefined when there is none in time. */
async function poll<T>(ask: () => T | undefined, timeoutMs: number): Promise<T | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = ask();
    if (answer !== undefined || Date.now() > deadline) {
      return answer;
    }
    await delay(20);
  }
}
