import { touchesLauncherMount } from "../policy/launcher-mount.ts";
import type { MountInput } from "../policy/inputs.ts";
import type { OtherLauncher } from "../policy/other-launcher.ts";
import { launcherMount, launcherPrefix } from "./adjustment.ts";

/** True if a container that already runs was started under the launcher, from our directory and no other. */
export function runsUnderLauncher(
  container: { readonly args: readonly string[]; readonly mounts: readonly MountInput[] },
  launcherDirectory: string,
  otherLauncher?: OtherLauncher,
): boolean {
  if (!(otherLauncher?.recognizes(container.args) ?? isOurs(container.args))) return false;
  const mounts = container.mounts.filter(({ destination }) => touchesLauncherMount(destination));
  const wanted = launcherMount(launcherDirectory);
  return mounts.length === 1 && mounts[0]?.destination === wanted.destination && mounts[0].source === wanted.source;
}

function isOurs(args: readonly string[]): boolean {
  const [program, verb, flag] = launcherPrefix({ profile: "", options: [] });
  return args[0] === program && args[1] === verb && args[2] === flag;
}
