import type { LauncherState, Refusal } from "../policy/inputs.ts";
import { inspectLauncher, type InspectedLauncher } from "./inspect.ts";
import { probeLauncher, type ProbeResult } from "./probe.ts";

/** A launcher that passed, with what its probe said. */
export interface CheckedLauncher {
  readonly inspected: InspectedLauncher;
  readonly probe: ProbeResult;
  /** On the clock of performance.now(). */
  readonly probedAtMs: number;
}

/** How long a probe's answer is good for while the file does not change. */
const PROBE_AGE_MS = 60_000;

/** Inspects the launcher, and probes it unless `last` is recent and the file is the same. Never throws. */
export async function checkLauncher(
  path: string,
  minimumAbi: number,
  last: CheckedLauncher | undefined,
): Promise<CheckedLauncher | Refusal> {
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
  const probe = await probeLauncher(path, minimumAbi);
  return "code" in probe ? probe : { inspected, probe, probedAtMs: performance.now() };
}

/** What decisions need to know of it. */
export function launcherState(checked: CheckedLauncher | Refusal): LauncherState {
  return "code" in checked
    ? { kind: "failed", refusal: checked }
    : { kind: "ready", abi: checked.probe.abi, barriers: checked.inspected.barriers };
}
