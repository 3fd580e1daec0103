import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RuntimeInstallation } from "../stack/runtime/installation.ts";
import { PluginProcess } from "../stack/plugin/process.ts";
import type { TestNode } from "../stack/node.ts";
import type { SlowNriProxy } from "./slow-nri-proxy.ts";
import type { PluginSupervisor } from "./supervisor.ts";

/** What faults work on. */
export interface Ground {
  node: TestNode;
  runtime: RuntimeInstallation;
  plugin: PluginSupervisor;
  /** Between plugin and runtime for all faults; it holds nothing back unless told. */
  proxy: SlowNriProxy;
}

/** Something that goes wrong while containers are created. */
export interface Fault {
  name: string;
  /** Share of all creations, in thousandths. */
  share: number;
  /** After a quarter of the fault's creations. */
  begin(ground: Ground): Promise<void>;
  /** Between, each time that a further container is asked for. */
  go?(ground: Ground): Promise<void>;
  /** After three quarters. Undoes only what is the fault itself: nothing is repaired. */
  end(ground: Ground): Promise<void>;
  /** Whether it has taken place, where that is not certain. */
  hasHappened?(ground: Ground): boolean;
}

let kills = 0;
let newer: PluginProcess | undefined;

const nothing = async (): Promise<void> => {};

export const faults: readonly Fault[] = [
  {
    name: "the plugin is stopped (SIGSTOP)",
    share: 150,
    begin: async ({ plugin }) => plugin.signal("SIGSTOP"),
    end: async ({ plugin }) => plugin.signal("SIGCONT"),
  },
  {
    name: "the plugin is killed, again and again",
    share: 150,
    begin: async ({ plugin }) => plugin.signal("SIGKILL"),
    go: async ({ plugin }) => plugin.signal("SIGKILL"),
    end: nothing,
  },
  {
    name: "the plugin is out of memory",
    share: 100,
    begin: async ({ plugin }) => limitMemory(plugin.pid),
    end: async () => {
      kills = oomKills();
      unlimitMemory();
    },
    hasHappened: () => kills > 0,
  },
  {
    name: "the plugin is restarted, again and again",
    share: 150,
    begin: async ({ plugin }) => plugin.signal("SIGTERM"),
    go: async ({ plugin }) => {
      if (Math.random() < 0.1) plugin.signal("SIGTERM");
    },
    end: nothing,
  },
  {
    name: "the plugin answers after 1.9 s",
    share: 20,
    begin: async ({ proxy }) => void (proxy.delayMs = 1900),
    end: async ({ proxy }) => void (proxy.delayMs = 0),
  },
  {
    name: "the plugin answers after 2.1 s",
    share: 80,
    begin: async ({ proxy }) => void (proxy.delayMs = 2100),
    end: async ({ proxy }) => void (proxy.delayMs = 0),
  },
  {
    name: "the plugin is absent from the start",
    share: 150,
    begin: async ({ node, plugin, runtime }) => {
      await plugin.stop();
      await node.restartContainerd({ handlerBinary: runtime.program });
    },
    end: async ({ plugin }) => plugin.start(),
  },
  {
    // As a rolling update with surge: the newer one starts, then the older one is stopped. Nothing should be refused.
    name: "another instance of the plugin takes over, and back",
    share: 50,
    begin: async ({ node, proxy, plugin }) => {
      newer = await PluginProcess.startInstance(node.directories, "-newer", { socket_path: proxy.path });
      // The supervisor starts it again, and it takes over in its turn.
      plugin.signal("SIGTERM");
    },
    end: async () => {
      await newer?.log.find({ msg: "retired" }, 20_000);
      await newer?.stop();
    },
    hasHappened: () => newer?.log.records().some(({ msg }) => msg === "took over") === true,
  },
  {
    name: "containerd is restarted in the middle",
    share: 150,
    begin: async ({ node, runtime }) => node.restartContainerd({ handlerBinary: runtime.program }),
    end: async ({ node, runtime }) => node.restartContainerd({ handlerBinary: runtime.program }),
  },
];

/** So many processes the kernel killed for want of memory in our cgroup. */
function oomKills(): number {
  const control = readFileSync(join(memoryCgroup, "memory.oom_control"), "utf8");
  return Number(/^oom_kill (\d+)$/m.exec(control)?.[1] ?? 0);
}

const memoryCgroup = "/sys/fs/cgroup/memory/kubefence-out-of-memory";

/** Lets a process keep what it has and take next to nothing more, so that the kernel kills it when it wants to grow. */
function limitMemory(pid: number | undefined): void {
  if (pid === undefined) return;
  if (!existsSync("/sys/fs/cgroup/memory")) throw new Error("the machine has no memory cgroup of version 1");
  unlimitMemory();
  mkdirSync(memoryCgroup, { recursive: true });
  writeFileSync(join(memoryCgroup, "memory.limit_in_bytes"), String(256 * 1024));
  writeFileSync(join(memoryCgroup, "cgroup.procs"), String(pid));
}

/** Undoes it, also what a run that was killed left. */
export function unlimitMemory(): void {
  if (!existsSync(memoryCgroup)) return;
  writeFileSync(join(memoryCgroup, "memory.limit_in_bytes"), "-1");
  for (const pid of readFileSync(join(memoryCgroup, "cgroup.procs"), "utf8").split("\n").filter(Boolean)) {
    writeFileSync("/sys/fs/cgroup/memory/cgroup.procs", pid);
  }
  rmdirSync(memoryCgroup);
}
