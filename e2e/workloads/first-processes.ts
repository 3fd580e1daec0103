import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../stack/command.ts";
import { containerdRelease, type NodeDirectories } from "../stack/directories.ts";

/** Pids of containers' first processes from containerd's events: the CRI no longer knows that of one that has ended. */
export class FirstProcesses {
  readonly #events: ChildProcess;
  readonly #pids = new Map<string, number>();
  readonly #waiting = new Map<string, (pid: number) => void>();
  #subscribed = false;

  private constructor(ctr: string, options: string[]) {
    const events = spawn(ctr, [...options, "events"], { stdio: ["ignore", "pipe", "inherit"] });
    createInterface({ input: events.stdout }).on("line", (line) => this.#take(line));
    this.#events = events;
  }

  /** Subscribes to the node's events. */
  static async watch(directories: NodeDirectories): Promise<FirstProcesses> {
    const ctr = join(containerdRelease().binaries, "ctr");
    const options = ["--address", directories.containerdSocket, "--namespace", "k8s.io"];
    const processes = new FirstProcesses(ctr, options);
    // ctr does not say when it has subscribed, so events of our own are sent until one arrives.
    while (!processes.#subscribed) {
      await run(ctr, [...options, "namespaces", "label", "k8s.io", "subscribed="]);
      await delay(50);
    }
    return processes;
  }

  /** Host pid of a container that is started after the subscription. */
  pid(containerId: string): Promise<number> {
    const known = this.#pids.get(containerId);
    return known === undefined
      ? new Promise((resolve) => this.#waiting.set(containerId, resolve))
      : Promise.resolve(known);
  }

  stop(): void {
    this.#events.kill();
  }

  // `<time> k8s.io /tasks/start {"container_id":"...","pid":1234}`
  #take(line: string): void {
    this.#subscribed = true;
    const event = /\/tasks\/start (\{.*\})$/.exec(line)?.[1];
    if (event !== undefined) {
      const { container_id: id, pid }: { container_id: string; pid: number } = JSON.parse(event);
      this.#pids.set(id, pid);
      this.#waiting.get(id)?.(pid);
    }
  }
}
