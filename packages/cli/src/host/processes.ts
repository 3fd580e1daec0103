/** Running container runtimes, found in /proc. */
import { readFile, readdir, readlink } from "node:fs/promises";
import { basename } from "node:path";

export interface RuntimeProcess {
  readonly pid: number;
  /** Path of the program in the node's root. */
  readonly program: string;
  /** `--config`, where it was given. */
  readonly config: string | undefined;
  /** Value of its PATH. */
  readonly searchPath: string;
  /** The systemd unit that it belongs to, such as containerd.service or k3s.service. */
  readonly unit: string | undefined;
}

/** Processes whose program has that name, and, where a script is named, one of whose arguments is a path to it. */
export async function findProcesses(name: string, script?: string): Promise<RuntimeProcess[]> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found = await Promise.all(pids.map((pid) => inspect(pid, name, script).catch(() => undefined)));
  return found.filter((process) => process !== undefined);
}

async function inspect(pid: number, name: string, script: string | undefined): Promise<RuntimeProcess | undefined> {
  const args = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0").slice(0, -1);
  if (basename(args[0] ?? "") !== name) return undefined;
  if (script !== undefined && !args.slice(1).some((arg) => basename(arg) === script)) return undefined;
  const program = (await readlink(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, "");
  const environment = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0");
  const cgroup = await readFile(`/proc/${pid}/cgroup`, "utf8");
  return {
    pid,
    program,
    config: flag(args, ["--config", "-c"]),
    searchPath: environment.find((entry) => entry.startsWith("PATH="))?.slice("PATH=".length) ?? "",
    unit: /\/([^/\n]+\.service)(?:\/|$)/m.exec(cgroup)?.[1],
  };
}

function flag(args: readonly string[], names: readonly string[]): string | undefined {
  for (const [index, arg] of args.entries()) {
    for (const name of names) {
      if (arg === name) return args[index + 1];
      if (arg.startsWith(`${name}=`)) return arg.slice(name.length + 1);
    }
  }
  return undefined;
}

/** True while a process that is no zombie has this pid. */
export async function isAlive(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return text !== "" && text.slice(text.lastIndexOf(")") + 2, text.lastIndexOf(")") + 3) !== "Z";
}

/** With the pid it names a process for good: clock ticks since boot at its start (proc(5), field 22). */
export async function startTime(pid: number | "self"): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
