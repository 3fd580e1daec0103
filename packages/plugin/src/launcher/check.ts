import type { RefusalCode } from "../errors.ts";
import type { LauncherState, Refusal } from "../policy/inputs.ts";
import { inspectLauncher, type InspectedLauncher } from "./inspect.ts";
import { probeOther } from "./other.ts";
import { probeLauncher, type ProbeResult } from "./probe.ts";

/** A launcher that passed, with what its probe said. */
export interface CheckedLauncher {
  readonly inspected: InspectedLauncher;
  readonly probe: ProbeResult;
  /** On the clock of performance.now(). */
  readonly probedAtMs: number;
}

/** A launcher that is as it should be, on a kernel that does not enforce what it asks for. */
export interface UnfitKernel {
  readonly inspected: InspectedLauncher;
  readonly refusal: Refusal;
}

export type LauncherCheck = CheckedLauncher | UnfitKernel | Refusal;

/** How long a probe's answer is good for while the file does not change. */
const PROBE_AGE_MS = 60_000;

/** Inspects the launcher, and probes it unless `last` is recent and the file is the same. Never throws. */
export async function checkLauncher(
  path: string,
  minimumAbi: number,
  last: CheckedLauncher | undefined,
  form: string = "kubefence",
): Promise<LauncherCheck> {
  if (path === "") {
    return {
      code: "LAUNCHER_NOT_CONFIGURED",
      what: "nono_bin_path is empty, so there is no launcher to run containers under",
    };
  }
  const inspected = await inspectLauncher(path, process.geteuid?.() ?? 0);
  if ("code" in inspected) return inspected;
  const isFresh =
    last !== undefined &&
    last.inspected.identity === inspected.identity &&
    performance.now() - last.probedAtMs < PROBE_AGE_MS;
  if (isFresh) return { ...last, inspected };
  const probe = form === "kubefence" ? await probeLauncher(path, minimumAbi) : await probeOther(path, form, minimumAbi);
  if (!("code" in probe)) return { inspected, probe, probedAtMs: performance.now() };
  return KERNEL_REFUSALS.has(probe.code) ? { inspected, refusal: probe } : probe;
}

const KERNEL_REFUSALS: ReadonlySet<RefusalCode> = new Set(["LANDLOCK_OFF", "LANDLOCK_ABI_TOO_LOW"]);

/** Why containers of this node's kernel are refused, or undefined. */
export function refusalOf(checked: LauncherCheck): Refusal | undefined {
  if ("code" in checked) return checked;
  return "refusal" in checked ? checked.refusal : undefined;
}

/** What decisions need to know of it. */
export function launcherState(checked: LauncherCheck): LauncherState {
  const refusal = refusalOf(checked);
  return refusal === undefined ? guestLauncherState(checked) : { kind: "failed", refusal };
}

/** The same for guests: their kernel is another one, on which the launcher tests itself when it starts. */
export function guestLauncherState(checked: LauncherCheck): LauncherState {
  if ("code" in checked) return { kind: "failed", refusal: checked };
  const abi = "probe" in checked ? checked.probe.abi : 0;
  return { kind: "ready", abi, barriers: checked.inspected.barriers };
}
