/** Keeping nono-runc's configuration true while launcher and profiles are replaced. */
import { lstat } from "node:fs/promises";
import { z } from "zod";
import { RuntimeConfigError } from "../errors.ts";
import { owned, ownTemporaryOf, replaceFile } from "../files/durable.ts";
import { readText } from "../files/read.ts";
import { composeRuntimeConfiguration, readPluginConfiguration } from "./compose.ts";
import { readAccepted } from "./node.ts";
import { isMissing, messageOf } from "../thrown.ts";

/** What no other file of the node says. */
const document = z.looseObject({ runtime: z.string(), log: z.string() });

export interface Refresh {
  /** nono-runc's configuration. */
  readonly path: string;
  /** The plugin's configuration. */
  readonly settings: string;
}

/**
 * Writes nono-runc's configuration anew from the plugin's, the launcher and the profiles that are installed; runtime and
 * log stay as they are. `next` is a launcher that is about to be installed. False where nono-runc is not set up.
 * @throws {RuntimeConfigError} | the error of the file system
 */
export async function refreshRuntimeConfiguration(
  { path, settings }: Refresh,
  next: readonly string[] = [],
): Promise<boolean> {
  if (!(await isThere(path))) return false;
  const accepted = await Promise.all(next.map(async (file) => ({ ...(await readAccepted(file)), identity: "" })));
  const kept = parse(path, await readText(path));
  const text = await composeRuntimeConfiguration(readPluginConfiguration(settings), {
    runtime: kept.runtime,
    log: kept.log,
    next: accepted,
    mayLackDefault: true,
  });
  await replaceFile(path, Buffer.from(text), owned(0o644), ownTemporaryOf(path));
  return true;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw cause;
  }
}

function parse(path: string, text: string): z.infer<typeof document> {
  try {
    return document.parse(JSON.parse(text));
  } catch (cause) {
    const what = `it is no configuration of nono-runc: ${messageOf(cause)}`;
    throw new RuntimeConfigError("KF_RUNTIME_SETTINGS", path, what, undefined, { cause });
  }
}
