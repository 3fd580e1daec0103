import type { LinuxSeccompInit } from "@kubefence/nri";
import { launcherPath, PROFILE_VARIABLE } from "../policy/environment.ts";
import { LAUNCHER_MOUNT } from "../policy/launcher-mount.ts";
import type { ContainerInput, MountInput } from "../policy/inputs.ts";
import type { OtherCommandLine } from "../policy/other-launcher.ts";
import type { SandboxDecision } from "../policy/decision.ts";

/** The launcher as the container sees it. */
export const LAUNCHER_PATH = "/nono/nono";

/** What we change about a container; fits the SDK's ContainerAdjustmentInit. Nothing else of the container is touched. */
export interface LauncherAdjustment {
  readonly args: string[];
  readonly mounts: AdjustedMount[];
  /** A key with a leading "-" removes the variable, as NRI has it. */
  readonly env: { key: string; value: string }[];
  readonly linux?: { readonly seccompPolicy: LinuxSeccompInit };
}

interface AdjustedMount extends MountInput {
  readonly options: string[];
}

/** What stands in front of the command. With no options it is the original's, byte for byte. */
export function launcherPrefix(decision: Pick<SandboxDecision, "profile" | "options">): string[] {
  return [LAUNCHER_PATH, "wrap", "--profile", decision.profile].concat(decision.options, "--");
}

/** The mount of the launcher's directory; `directory` is the parent of nono_bin_path on the node. */
export function launcherMount(directory: string): AdjustedMount {
  return { destination: LAUNCHER_MOUNT, type: "bind", source: directory, options: ["bind", "ro", "rprivate"] };
}

/** Turns a decision into the adjustment that the runtime applies. */
export function adjustmentFor(
  decision: SandboxDecision,
  container: Pick<ContainerInput, "args" | "envStartingWith">,
  launcherDirectory: string,
): LauncherAdjustment {
  return {
    args: (decision.other?.prefix ?? launcherPrefix(decision)).concat(container.args),
    mounts: [launcherMount(launcherDirectory)],
    // The removals take the variables over from an earlier plugin that set them.
    env: [
      { key: `-${PROFILE_VARIABLE}`, value: "" },
      { key: PROFILE_VARIABLE, value: decision.profile },
      { key: "-PATH", value: "" },
      { key: "PATH", value: launcherPath(container) },
      ...(decision.other === undefined ? [] : otherEnvironment(decision.other)),
    ],
    ...(decision.seccomp !== undefined && { linux: { seccompPolicy: decision.seccomp } }),
  };
}

/** As for our own variables: each is taken over from an earlier plugin. */
function otherEnvironment({ set }: OtherCommandLine): LauncherAdjustment["env"] {
  return set.flatMap(({ key, value }) => [
    { key: `-${key}`, value: "" },
    { key, value },
  ]);
}
