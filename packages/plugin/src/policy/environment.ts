import type { Refusal } from "./inputs.ts";

/** The variable that tells the workload its profile. */
export const PROFILE_VARIABLE = "NONO_PROFILE";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const LAUNCHER_PATH_PREFIX = "/nono:";

const EQUALS = 0x3d;

/** A13: the runtime replaces only the first of two entries, and the second, the pod's, wins. */
export function findDuplicateVariable(env: readonly string[]): Refusal | undefined {
  for (const name of ["PATH", PROFILE_VARIABLE]) {
    let count = 0;
    for (const entry of env) if (isVariable(entry, name)) count++;
    if (count > 1) {
      return {
        code: "ENV_DUPLICATE",
        what: `the container's environment has ${name} more than once: the runtime would keep the last one, not the sandbox's`,
      };
    }
  }
  return undefined;
}

/** The equals sign first: few entries have one there, and this runs for every variable. */
function isVariable(entry: string, name: string): boolean {
  return entry.charCodeAt(name.length) === EQUALS && entry.substring(0, name.length) === name;
}

/** The container's PATH with /nono in front; an absent or empty one (A14) becomes the usual directories; never doubled. */
export function launcherPath(env: readonly string[]): string {
  const entry = env.find((candidate) => isVariable(candidate, "PATH"));
  const own = entry?.slice("PATH=".length) || DEFAULT_PATH;
  return own === "/nono" || own.startsWith(LAUNCHER_PATH_PREFIX) ? own : LAUNCHER_PATH_PREFIX + own;
}
