/** Keeping nono-runc's configuration true while launcher and profiles are replaced. */
import { lstat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { z } from "zod";
import { loadConfiguration } from "@kubefence/plugin/configuration";
import { RuntimeConfigError } from "../errors.ts";
import { readText } from "../files/read.ts";
import { writeAll } from "../files/write.ts";
import { runtimeConfiguration } from "./document.ts";
import { readAccepted, readLauncher, readProfiles } from "./node.ts";

/** What no other file of the node says. */
const document = z.looseObject({ runtime: z.string(), log: z.string() });

export interface Refresh {
  /** nono-runc's configuration. */
  readonly path: string;
  /** The plugin's configuration. */
  readonly settings: string;
  readonly launcherDirectory: string;
}

/** Whether nono-runc is set up on this node. */
export async function isSetUp(path: string): Promise<boolean> {
  return isThere(path);
}

/**
 * Writes nono-runc's configuration anew from the plugin's, the launcher and the profiles that are installed; runtime and
 * log stay as they are. `accept` is a launcher that is about to be installed.
 * @throws {RuntimeConfigError} | {ProfileError} KF_PROFILE_WRITE
 */
export async function refreshRuntimeConfiguration(
  { path, settings, launcherDirectory }: Refresh,
  accept: readonly string[] = [],
): Promise<void> {
  const { runtime, log } = parse(path, await readText(path));
  const installed = `${launcherDirectory}/nono`;
  const launchers = (await isThere(installed)) ? [await readLauncher(installed)] : [];
  for (const next of accept) launchers.push({ ...(await readAccepted(next)), identity: "" });
  const profiles = await readProfiles(launcherDirectory);
  const text = runtimeConfiguration(loadConfiguration(settings), {
    runtime,
    log,
    launcherDirectory,
    launchers,
    profiles,
  });
  await writeAll(dirname(path), new Map([[basename(path), text]]));
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return false;
    throw cause;
  }
}

function parse(path: string, text: string): z.infer<typeof document> {
  try {
    return document.parse(JSON.parse(text));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new RuntimeConfigError(
      "KF_RUNTIME_SETTINGS",
      path,
      `it is no configuration of nono-runc: ${message}`,
      undefined,
      {
        cause,
      },
    );
  }
}
