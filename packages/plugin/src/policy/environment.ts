import type { ContainerInput, Refusal } from "./inputs.ts";

/** The variable that tells the workload its profile. */
export const PROFILE_VARIABLE = "NONO_PROFILE";

const PATH_PREFIX = "PATH=";
const PROFILE_PREFIX = `${PROFILE_VARIABLE}=`;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const LAUNCHER_PATH_PREFIX = "/nono:";

/** The variables of a container, as far as they are asked for. */
type Environment = Pick<ContainerInput, "envStartingWith">;

/** The runtime replaces only the first of two entries, and the second, the pod's, wins. */
export function findDuplicateVariable(container: Environment): Refusal | undefined {
  const entries = container.envStartingWith(PATH_PREFIX, PROFILE_PREFIX);
  if (entries.length < 2) return undefined;
  const twice = [PATH_PREFIX, PROFILE_PREFIX].find(
    (prefix) => entries.filter((entry) => entry.startsWith(prefix)).length > 1,
  );
  if (twice === undefined) return undefined;
  return {
    code: "ENV_DUPLICATE",
    what: `the container's environment has ${twice.slice(0, -1)} more than once: the runtime would keep the last one, not the sandbox's`,
  };
}

/** The container's PATH with /nono in front; an absent or empty one becomes the usual directories; never doubled. */
export function launcherPath(container: Environment): string {
  const own = container.envStartingWith(PATH_PREFIX)[0]?.slice(PATH_PREFIX.length) || DEFAULT_PATH;
  return own === "/nono" || own.startsWith(LAUNCHER_PATH_PREFIX) ? own : LAUNCHER_PATH_PREFIX + own;
}
