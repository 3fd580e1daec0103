import { lstat, readFile, readlink, type Stats } from "node:fs";
import { promisify } from "node:util";
import { messageOf } from "../errors.ts";
import type { Refusal } from "../policy/inputs.ts";
import { findClosed, findForeignControl } from "./access.ts";

/** Names that the shim stands for on the containers' PATH: the original's. */
export const SHIM_NAMES: readonly string[] = "sh bash ash dash python3 python node ruby perl".split(" ");
/** What each of them is a link to, in the launcher's directory. */
export const SHIM_TARGET = "shims/shim";

/** What `shims/profile` holds: the profile of processes that come through the shim, and the seccomp policy if there is one. */
export function shimSettings(configuration: {
  readonly defaultProfile: string;
  readonly seccompProfile: string;
}): string {
  return [configuration.defaultProfile, configuration.seccompProfile]
    .filter((name) => name !== "")
    .map((name) => `${name}\n`)
    .join("");
}

/** Why the PATH shims do not do what the configuration says, or undefined if they do. Never throws. */
export async function inspectShims(
  launcherDirectory: string,
  configuration: { readonly defaultProfile: string; readonly seccompProfile: string },
  ownUid: number,
): Promise<Refusal | undefined> {
  const folder = `${launcherDirectory}/shims`;
  const settings = `${folder}/profile`;
  const expected = shimSettings(configuration);
  try {
    for (const [path, needed, isKind] of [
      [folder, 5, isDirectory],
      [`${launcherDirectory}/${SHIM_TARGET}`, 5, isFile],
      [settings, 4, isFile],
    ] as const) {
      const status = await promisify(lstat)(path);
      if (!isKind(status)) return unusable(path, "it is something else");
      const foreign = findForeignControl(path, status, ownUid);
      if (foreign !== undefined) return { ...foreign, code: "SHIMS_UNUSABLE" };
      if (findClosed(path, status, needed) !== undefined) return unusable(path, "it is closed to some users");
    }
    const found = await promisify(readFile)(settings, "utf8");
    if (found !== expected) {
      return unusable(
        settings,
        `it says ${JSON.stringify(found.slice(0, 200))}, and the configuration ${JSON.stringify(expected)}`,
      );
    }
    for (const name of SHIM_NAMES) {
      const path = `${launcherDirectory}/${name}`;
      if ((await promisify(readlink)(path)) !== SHIM_TARGET)
        return unusable(path, `it does not lead to ${SHIM_TARGET}`);
    }
    return undefined;
  } catch (error) {
    return { code: "SHIMS_UNUSABLE", what: `path_shims is true, and the shims cannot be checked: ${messageOf(error)}` };
  }
}

function unusable(path: string, why: string): Refusal {
  return { code: "SHIMS_UNUSABLE", what: `path_shims is true, and ${path} will not do: ${why}` };
}

function isDirectory(status: Stats): boolean {
  return status.isDirectory();
}

function isFile(status: Stats): boolean {
  return status.isFile();
}
