import { cleanPath, isAtOrUnder, isPlainPath, isStrictlyUnder } from "./clean-path.ts";
import type { MountInput, Refusal } from "./inputs.ts";

/** Where the launcher's directory is mounted in every sandboxed container. */
export const LAUNCHER_MOUNT = "/nono";

/** True if a mount there would cover the launcher or be covered by it: at, under or above /nono in any spelling. */
export function touchesLauncherMount(destination: string): boolean {
  const clean = cleanPath(destination);
  return isAtOrUnder(clean, LAUNCHER_MOUNT) || isStrictlyUnder(LAUNCHER_MOUNT, clean);
}

/** The runtime compares destinations as strings, the kernel does not. */
export function findMountOverLauncher(mounts: readonly MountInput[]): Refusal | undefined {
  const found = mounts.find(({ destination }) =>
    isPlainPath(destination)
      ? isAtOrUnder(destination, LAUNCHER_MOUNT)
      : touchesLauncherMount(destination) || isInvalid(destination),
  );
  if (found === undefined) return undefined;
  const where = JSON.stringify(found.destination);
  if (isInvalid(found.destination)) {
    return { code: "MOUNT_PATH_INVALID", what: `a volume is mounted at ${where}, which is not valid UTF-8` };
  }
  return {
    code: "MOUNT_OVER_LAUNCHER",
    what: `a volume is mounted at ${where}: /nono and everything above and under it belongs to the sandbox's launcher`,
  };
}

/** The SDK decodes invalid UTF-8 to the replacement character: the launcher would be told another path. */
function isInvalid(destination: string): boolean {
  return destination.includes("\uFFFD");
}
