/** nono-runc's configuration for a node, from what is installed on it. */
import { dirname, isAbsolute, join } from "node:path";
import { loadConfiguration } from "@kubefence/plugin/configuration";
import { KubefenceError } from "@kubefence/plugin/errors";
import { RuntimeConfigError } from "../errors.ts";
import { nodeError } from "../node/errors.ts";
import { type AcceptedLauncher, runtimeConfiguration } from "../runtime/document.ts";
import { readLauncher, readProfiles } from "../runtime/node.ts";
import { type Host, programFolders } from "./host.ts";
import { findProgram } from "./runtime.ts";

export type PluginConfiguration = ReturnType<typeof loadConfiguration>;

/** The plugin's configuration. @throws {RuntimeConfigError} KF_RUNTIME_SETTINGS */
export function readPluginConfiguration(path: string): PluginConfiguration {
  try {
    const configuration = loadConfiguration(path);
    if (configuration.nonoBinPath !== "") return configuration;
  } catch (cause) {
    if (!(cause instanceof KubefenceError)) throw cause;
    throw new RuntimeConfigError("KF_RUNTIME_SETTINGS", path, `${cause.code}: ${cause.message}`, undefined, { cause });
  }
  throw new RuntimeConfigError("KF_RUNTIME_SETTINGS", path, "nono_bin_path is empty, so there is no launcher");
}

/** Absolute path of the runtime that a handler starts; `binaryName` is its option, empty for runc. @throws {NodeError} KF_NODE_BASE_HANDLER */
export async function findRealRuntime(host: Host, binaryName: string, searchPath: string): Promise<string> {
  const name = binaryName || "runc";
  const folders = [...searchPath.split(":"), ...programFolders];
  const found = isAbsolute(name) ? name : await findProgram(host, name, folders);
  if (found !== undefined && (await host.exists(found))) return found;
  throw nodeError("KF_NODE_BASE_HANDLER", name, "the runtime of the node's own handler is not there");
}

/**
 * The text for the launcher and the profiles that are on the node now. `next` is a launcher that is about to take its place.
 * @throws {RuntimeConfigError}
 */
export async function composeRuntimeConfiguration(
  host: Host,
  settings: PluginConfiguration,
  { runtime, log, next }: { runtime: string; log: string; next?: AcceptedLauncher },
): Promise<string> {
  const launcherDirectory = dirname(settings.nonoBinPath);
  const launchers = next
    ? [...(await readUsable(host.path(settings.nonoBinPath))), next]
    : [await readLauncher(host.path(settings.nonoBinPath))];
  const profiles = await readProfiles(host.path(launcherDirectory));
  if (!profiles.has(settings.defaultProfile)) {
    const what = `default_profile ${JSON.stringify(settings.defaultProfile)} is not installed`;
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
