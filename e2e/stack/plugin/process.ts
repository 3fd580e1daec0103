import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify, type TomlTable } from "smol-toml";
import { type DaemonFiles, runningPid, startDaemon, stopDaemon } from "../daemon.ts";
import { checkout, type NodeDirectories } from "../directories.ts";
import { installLauncher } from "./launcher-directory.ts";
import { PluginLog } from "./log.ts";

/** Keys of the configuration file; undefined takes a usual one out. */
export type PluginSettings = Record<string, TomlTable[string] | undefined>;

/** The plugin as it runs on a node, in a process of its own. */
export class PluginProcess {
  readonly #directories: NodeDirectories;
  readonly log: PluginLog;

  private constructor(directories: NodeDirectories) {
    this.#directories = directories;
    this.log = new PluginLog(daemonFiles(directories).logFile);
  }

  /**
   * Installs launcher and profiles, writes the configuration, starts the plugin and waits until it has synchronized.
   * `settings` replace or join the usual ones.
   */
  static async start(directories: NodeDirectories, settings: PluginSettings = {}): Promise<PluginProcess> {
    const files = daemonFiles(directories);
    await stopDaemon(files.pidFile);
    rmSync(files.logFile, { force: true });
    installLauncher(directories);
    mkdirSync(stateDirectory(directories), { recursive: true, mode: 0o700 });
    const configuration = join(directories.run, "10-nono-nri.toml");
    const all: PluginSettings = { ...usualSettings(directories), ...settings };
    writeFileSync(configuration, stringify(all));
    const plugin = new PluginProcess(directories);
    startDaemon(files, process.execPath, [join(checkout, "packages/plugin/src/main.ts"), "--config", configuration], {
      PATH: process.env["PATH"],
    });
    await plugin.log.find({ msg: "synchronized" }, 30_000);
    return plugin;
  }

  /** Pid of the plugin, undefined once it has ended. */
  get pid(): number | undefined {
    return runningPid(daemonFiles(this.#directories).pidFile);
  }

  /** Where it keeps the state records. */
  get stateDirectory(): string {
    return stateDirectory(this.#directories);
  }

  async stop(): Promise<void> {
    await stopPlugin(this.#directories);
  }
}

/** Stops the node's plugin, whichever process started it. */
export async function stopPlugin(directories: NodeDirectories): Promise<void> {
  await stopDaemon(daemonFiles(directories).pidFile);
}

function usualSettings(directories: NodeDirectories): TomlTable {
  return {
    runtime_classes: ["nono-runc"],
    default_profile: "default",
    nono_bin_path: join(directories.launcher, "nono"),
    socket_path: directories.nriSocket,
    kubelet_root: directories.kubelet,
    state_directory: stateDirectory(directories),
  };
}

function stateDirectory(directories: NodeDirectories): string {
  return join(directories.run, "nono-nri-state");
}

function daemonFiles(directories: NodeDirectories): DaemonFiles {
  return {
    pidFile: join(directories.run, "plugin.pid"),
    logFile: join(directories.logs, "plugin.log"),
    errorFile: join(directories.logs, "plugin.stderr"),
  };
}
