import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify, type TomlTable } from "smol-toml";
import { type DaemonFiles, runningPid, startDaemon, stopDaemon } from "../daemon.ts";
import type { NodeDirectories } from "../directories.ts";
import { installLauncher } from "./launcher-directory.ts";
import { PluginLog } from "./log.ts";
import { pluginCommand } from "./program.ts";

/** Keys of the configuration file; undefined takes a usual one out. */
export type PluginSettings = Record<string, TomlTable[string] | undefined>;

/** The plugin as it runs on a node, in a process of its own. */
export class PluginProcess {
  readonly #directories: NodeDirectories;
  readonly #instance: string;
  readonly log: PluginLog;

  private constructor(directories: NodeDirectories, instance: string) {
    this.#directories = directories;
    this.#instance = instance;
    this.log = new PluginLog(this.#files.logFile);
  }

  /**
   * Installs launcher and profiles, writes the configuration, starts the plugin and waits until it has synchronized.
   * `settings` replace or join the usual ones.
   */
  static async start(directories: NodeDirectories, settings: PluginSettings = {}): Promise<PluginProcess> {
    PluginProcess.install(directories, settings);
    return PluginProcess.startInstalled(directories);
  }

  /** Installs launcher and profiles and writes the configuration. */
  static install(directories: NodeDirectories, settings: PluginSettings = {}): void {
    installLauncher(directories);
    mkdirSync(stateDirectory(directories), { recursive: true, mode: 0o700 });
    configure(configurationFile(directories), directories, settings);
  }

  /** Starts what is installed and waits until it has synchronized. */
  static async startInstalled(directories: NodeDirectories): Promise<PluginProcess> {
    return new PluginProcess(directories, firstInstance).restart();
  }

  /** Starts a further instance of what is installed, as a rolling update does, and waits until it has synchronized. */
  static async startInstance(
    directories: NodeDirectories,
    instance: string,
    settings: PluginSettings = {},
  ): Promise<PluginProcess> {
    configure(configurationFile(directories, instance), directories, settings);
    return new PluginProcess(directories, instance).restart();
  }

  /** Starts it again as it was, with an empty log, and waits until it has synchronized. */
  async restart(): Promise<this> {
    await this.launch();
    try {
      await this.log.find({ msg: "synchronized" }, 20_000);
    } catch (error) {
      const { errorFile } = this.#files;
      throw new Error(`the plugin is not ready; it wrote to stderr: ${readFileSync(errorFile, "utf8")}`, {
        cause: error,
      });
    }
    return this;
  }

  /** Starts it again as it was, with an empty log, without waiting for anything. */
  async launch(): Promise<void> {
    const files = this.#files;
    await stopDaemon(files.pidFile);
    rmSync(files.logFile, { force: true });
    const [program, ...args] = pluginCommand();
    const environment = { PATH: process.env["PATH"] };
    startDaemon(
      files,
      program,
      [...args, "--config", configurationFile(this.#directories, this.#instance)],
      environment,
    );
  }

  /** Pid of the plugin, undefined once it has ended. */
  get pid(): number | undefined {
    return runningPid(this.#files.pidFile);
  }

  /** Where it keeps the state records. */
  get stateDirectory(): string {
    return stateDirectory(this.#directories);
  }

  /** Ids of the containers of a pod that it has records of. */
  records(podUid: string): string[] {
    const directory = join(this.stateDirectory, podUid);
    return existsSync(directory) ? readdirSync(directory) : [];
  }

  async stop(): Promise<void> {
    await stopDaemon(this.#files.pidFile);
  }

  get #files(): Required<DaemonFiles> {
    return daemonFiles(this.#directories, this.#instance);
  }
}

/** Stops the node's plugin, every instance of it, whichever process started it. */
export async function stopPlugin(directories: NodeDirectories): Promise<void> {
  if (!existsSync(directories.run)) return;
  for (const name of readdirSync(directories.run).filter((file) => /^plugin.*\.pid$/.test(file))) {
    await stopDaemon(join(directories.run, name));
  }
}

const firstInstance = "";

function configure(path: string, directories: NodeDirectories, settings: PluginSettings): void {
  const all: PluginSettings = { ...usualSettings(directories), ...settings };
  writeFileSync(path, stringify(all));
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

/** The plugin's configuration file. */
export function configurationFile(directories: NodeDirectories, instance: string = firstInstance): string {
  return join(directories.run, `10-nono-nri${instance}.toml`);
}

function stateDirectory(directories: NodeDirectories): string {
  return join(directories.run, "nono-nri-state");
}

function daemonFiles(directories: NodeDirectories, instance: string): Required<DaemonFiles> {
  return {
    pidFile: join(directories.run, `plugin${instance}.pid`),
    logFile: join(directories.logs, `plugin${instance}.log`),
    errorFile: join(directories.logs, `plugin${instance}.stderr`),
  };
}
