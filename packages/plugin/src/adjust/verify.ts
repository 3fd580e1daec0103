import type { LinuxSeccompInit } from "@kubefence/nri";
import type { SeccompAdjustment } from "../seccomp/delivery.ts";
import { isSameFilter } from "../seccomp/same-filter.ts";
import { LAUNCHER_MOUNT, touchesLauncherMount } from "../policy/launcher-mount.ts";
import { PROFILE_VARIABLE } from "../policy/environment.ts";
import type { OtherCommandLine, OtherLauncher } from "../policy/other-launcher.ts";
import type { MountInput } from "../policy/inputs.ts";
import { launcherMount } from "./adjustment.ts";

/** What must be in the merged adjustment of a container that we sandboxed. */
export interface ExpectedAdjustment {
  /** The command line up to and including `--`. What follows is the command, which later plugins may change. */
  readonly prefix: readonly string[];
  readonly profile: string;
  readonly path: string;
  readonly launcherDirectory: string;
  /** The filter that we set, or undefined where we left the container's own. */
  readonly seccomp?: SeccompAdjustment;
  /** Of a launcher that is not ours: what it is given of the environment, and what it must not hear. */
  readonly other?: Pick<OtherCommandLine, "set"> & Pick<OtherLauncher, "obeys">;
}

/** The adjustment that all plugins' answers add up to, as the runtime shows it for validation. */
export interface MergedAdjustment {
  readonly args: readonly string[];
  readonly mounts: readonly MountInput[];
  readonly env: readonly { readonly key: string; readonly value: string }[];
  readonly linux?: { readonly seccompPolicy?: LinuxSeccompInit | undefined } | undefined;
}

/** Which plugin set which field: names like `10-nono-nri`, by NRI's field number, for mounts and variables by key. */
export interface AdjustmentOwners {
  readonly simple: ReadonlyMap<number, string>;
  readonly compound: ReadonlyMap<number, { readonly owners: ReadonlyMap<string, string> }>;
}

/** NRI's numbers of the fields that we set. */
const MOUNTS_FIELD = 2;
const ENV_FIELD = 6;
const ARGS_FIELD = 7;
const SECCOMP_FIELD = 32;

/** Says what of our adjustment is missing or was changed by another plugin, or undefined if all of it is there. */
export function findLostAdjustment(
  ours: ExpectedAdjustment,
  merged: MergedAdjustment | undefined,
  owners: AdjustmentOwners | undefined,
  pluginName: string,
): string | undefined {
  if (merged === undefined) return "there is no adjustment at all";
  return findLostContent(ours, merged) ?? findOtherOwner(ours, owners, pluginName);
}

function findLostContent(ours: ExpectedAdjustment, merged: MergedAdjustment): string | undefined {
  // A plugin that puts its own program before ours would run it outside the sandbox.
  if (!sameStrings(ours.prefix, merged.args.slice(0, ours.prefix.length))) {
    return `the command line begins with ${JSON.stringify(merged.args.slice(0, 4))}`;
  }
  const mounts = merged.mounts.filter(({ destination }) => touchesLauncherMount(destination.replace(/^-/, "")));
  const [mount] = mounts;
  if (mounts.length !== 1 || mount === undefined || !sameMount(launcherMount(ours.launcherDirectory), mount)) {
    const shown = mounts.map(({ destination, source }) => `${destination} from ${source}`);
    return `the mounts at ${LAUNCHER_MOUNT} are ${JSON.stringify(shown)}`;
  }
  for (const [key, value] of [
    [PROFILE_VARIABLE, ours.profile],
    ["PATH", ours.path],
    ...(ours.other?.set ?? []).map((entry): [string, string] => [entry.key, entry.value]),
  ]) {
    const last = merged.env.findLast((entry) => entry.key === key || entry.key === `-${key}`);
    if (last?.key !== key || last?.value !== value)
      return `the variable ${key} is ${JSON.stringify(last?.value ?? null)}`;
  }
  const heard = ours.other && findHeard(ours.other, merged.env);
  if (heard !== undefined) return `the variable ${heard}, which the launcher obeys, is set`;
  if (ours.seccomp !== undefined && !isSameFilter(ours.seccomp, merged.linux?.seccompPolicy)) {
    return "the seccomp filter is another one";
  }
  return undefined;
}

function findHeard(
  { set, obeys }: NonNullable<ExpectedAdjustment["other"]>,
  env: MergedAdjustment["env"],
): string | undefined {
  return env.find(({ key }) => obeys(key) && set.every((entry) => entry.key !== key))?.key;
}

function findOtherOwner(
  ours: ExpectedAdjustment,
  owners: AdjustmentOwners | undefined,
  pluginName: string,
): string | undefined {
  const claims: [what: string, owner: string | undefined][] = [
    ["the command line", owners?.simple.get(ARGS_FIELD)],
    ["the mount at /nono", owners?.compound.get(MOUNTS_FIELD)?.owners.get(LAUNCHER_MOUNT)],
    [`the variable ${PROFILE_VARIABLE}`, owners?.compound.get(ENV_FIELD)?.owners.get(PROFILE_VARIABLE)],
    ["the variable PATH", owners?.compound.get(ENV_FIELD)?.owners.get("PATH")],
  ];
  if (ours.seccomp !== undefined) claims.push(["the seccomp filter", owners?.simple.get(SECCOMP_FIELD)]);
  const other = claims.find(([, owner]) => owner !== pluginName);
  return other && `${other[0]} belongs to ${other[1] === undefined ? "no plugin" : `plugin ${other[1]}`}`;
}

function sameMount(left: MountInput, right: MountInput): boolean {
  return (
    left.destination === right.destination &&
    left.source === right.source &&
    left.type === right.type &&
    sameStrings(left.options, right.options)
  );
}

function sameStrings(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((value, index) => value === right[index]);
}
