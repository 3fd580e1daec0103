/** Notices that somebody changed what our set-up is made of, as an upgrade of Kata does. Reads only. */
import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { configurationPath } from "../../node/kata/derive.ts";
import type { Host } from "../host.ts";
import { installedName } from "../state.ts";
import type { KataOptions } from "./options.ts";
import type { KataPlan } from "./plan.ts";

/** Files and folders whose change may make another run necessary. */
export function watchedPaths(
  { found, setup, configuration, guest }: KataPlan,
  { settings, stateDirectory }: KataOptions,
): string[] {
  const { base, handler, runtime } = found;
  const files = [
    ...[base.main, ...base.dropIns, ...configuration].map(({ path }) => path),
    ...setup.changes.map(({ path }) => path),
    settings.qemuConfig,
    handler.configuration,
    handler.shim,
    guest.kernel?.path,
    guest.image?.path,
    runtime.mainFile,
    join(stateDirectory, installedName),
  ].filter((path) => path !== undefined);
  const folders = [join(dirname(base.main.path), "config.d"), join(dirname(configurationPath(settings)), "config.d")];
  return [...new Set([...files, ...folders])];
}

/** A text that is another one when any of these was replaced, written to, made or removed. */
export async function signatureOf(host: Host, paths: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    paths.map((path) =>
      lstat(host.path(path)).then(
        ({ ino, size, mtimeMs, mode }) => `${ino} ${size} ${mtimeMs} ${mode}`,
        () => "none",
      ),
    ),
  );
  return parts.join("\n");
}
