import { cleanPath, isAtOrUnder, isStrictlyUnder } from "./clean-path.ts";
import type { Refusal } from "./inputs.ts";
import { DESTINATION, type Mounts, type PathSpans } from "./mounts.ts";
import { SLASH, startsWith } from "./path-bytes.ts";

/** Where the launcher's directory is mounted in every sandboxed container. */
export const LAUNCHER_MOUNT = "/nono";

/** True if a mount there would cover the launcher or be covered by it: at, under or above /nono in any spelling. */
export function touchesLauncherMount(destination: string): boolean {
  const clean = cleanPath(destination);
  return isAtOrUnder(clean, LAUNCHER_MOUNT) || isStrictlyUnder(LAUNCHER_MOUNT, clean);
}

const LAUNCHER_BYTES = Buffer.from(LAUNCHER_MOUNT);

/** The runtime compares destinations as strings, the kernel does not. */
export function findMountOverLauncher(mounts: Mounts): Refusal | undefined {
  for (let mount = 0; mount < mounts.paths.length; mount++) {
    if (isOverLauncher(mounts.paths, mount)) {
      const where = JSON.stringify(mounts.original.text(mount, DESTINATION));
      return {
        code: "MOUNT_OVER_LAUNCHER",
        what: `a volume is mounted at ${where}: /nono and everything above and under it belongs to the sandbox's launcher`,
      };
    }
    if (mounts.paths !== mounts.original && isInvalid(mounts.paths, mount)) {
      const where = JSON.stringify(mounts.original.text(mount, DESTINATION));
      return { code: "MOUNT_PATH_INVALID", what: `a volume is mounted at ${where}, which is not valid UTF-8` };
    }
  }
  return undefined;
}

/** As {@link touchesLauncherMount}: the only directory above /nono is `/`. */
function isOverLauncher(paths: PathSpans, mount: number): boolean {
  const start = paths.start(mount, DESTINATION);
  const end = paths.end(mount, DESTINATION);
  if (end - start === 1) return true;
  if (!startsWith(paths.bytes, start, end, LAUNCHER_BYTES)) return false;
  const next = start + LAUNCHER_BYTES.length;
  return next === end || paths.bytes[next] === SLASH;
}

/** The SDK decodes invalid UTF-8 to the replacement character: the launcher would be told another path. */
function isInvalid(paths: PathSpans, mount: number): boolean {
  return paths.text(mount, DESTINATION).includes("\uFFFD");
}
