/** nono-runc's configuration for a node, from the plugin's configuration and from what is installed on the node. */
import { dirname, join } from "node:path";
import { loadConfiguration } from "@kubefence/plugin/configuration";
import { KubefenceError } from "@kubefence/plugin/errors";
import { RuntimeConfigError } from "../errors.ts";
import { type AcceptedLauncher, runtimeConfiguration } from "./document.ts";
import { readLauncher, readProfiles } from "./node.ts";

export type PluginConfiguration = ReturnType<typeof loadConfiguration>;

/** The plugin's configuration, whatever its launcher. @throws {RuntimeConfigError} KF_RUNTIME_SETTINGS */
export function loadPluginConfiguration(path: string): PluginConfiguration {
  try {
    return loadConfiguration(path);
  } catch (cause) {
    if (!(cause instanceof KubefenceError)) throw cause;
    throw new RuntimeConfigError("KF_RUNTIME_SETTINGS", path, `${cause.code}: ${cause.message}`, undefined, { cause });
  }
}

/** The plugin's configuration, for nono-runc. @throws {RuntimeConfigError} KF_RUNTIME_SETTINGS, KF_RUNTIME_OTHER_LAUNCHER */
export function readPluginConfiguration(path: string): PluginConfiguration {
  const configuration = loadPluginConfiguration(path);
  if (configuration.launcher !== "kubefence") {
    const what = `launcher is ${JSON.stringify(configuration.launcher)}`;
    throw new RuntimeConfigError("KF_RUNTIME_OTHER_LAUNCHER", path, what);
  }
  if (configuration.nonoBinPath !== "") return configuration;
  throw new RuntimeConfigError("KF_RUNTIME_SETTINGS", path, "nono_bin_path is empty, so there is no launcher");
}

export interface ComposeOptions {
  /** runc or crun, as a path of the node. */
  readonly runtime: string;
  /** Where nono-runc logs, as a path of the node. */
  readonly log: string;
  /** Launchers that are about to take the place of the installed one; then that may be missing, or one that nobody trusts. */
  readonly next?: readonly AcceptedLauncher[];
  /** Where we see a path of the node. */
  readonly at?: (path: string) => string;
  /** Accept that the default profile is not installed; its containers are refused then. */
  readonly mayLackDefault?: boolean;
}

/**
 * The text for the launcher and the profiles that are on the node now.
 * @throws {RuntimeConfigError}
 */
export async function composeRuntimeConfiguration(
  settings: PluginConfiguration,
  { runtime, log, next = [], at = (path) => path, mayLackDefault = false }: ComposeOptions,
): Promise<string> {
  const { nonoBinPath, defaultProfile } = settings;
  const launcherDirectory = dirname(nonoBinPath);
  const installed = next.length > 0 ? readUsable(at(nonoBinPath)) : readLauncher(at(nonoBinPath)).then((one) => [one]);
  const launchers = [...(await installed), ...next];
  const profiles = await readProfiles(at(launcherDirectory));
  if (!mayLackDefault && !profiles.has(defaultProfile)) {
    const what = `default_profile ${JSON.stringify(defaultProfile)} is not installed`;
    throw new RuntimeConfigError("KF_RUNTIME_PROFILE", join(launcherDirectory, "profiles"), what);
  }
  return runtimeConfiguration(settings, { runtime, log, launcherDirectory, launchers, profiles });
}

/** The launcher that is about to be replaced; one that nobody may trust is not accepted any longer. */
async function readUsable(path: string): Promise<AcceptedLauncher[]> {
  return readLauncher(path).then(
    (launcher) => [launcher],
    (error: unknown) => {
      if (error instanceof RuntimeConfigError) return [];
      throw error;
    },
  );
}
