import type { CreateCase, CreateResult } from "./create-latency.ts";
import type { LauncherResult } from "./launcher-start.ts";
import type { Compared, RuntimeResult } from "./runtime-cost.ts";
import type { MemoryResult } from "./memory.ts";
import type { SeccompResult } from "./seccomp-added.ts";
import type { StartResult } from "./start.ts";
import { rounded } from "./statistics.ts";

/** The named figures of one run: what build/bench.json holds. Units are in the names, ratios are ours over Go. */
export type Figures = Readonly<Record<string, number>>;

/** The results of the parts that ran. */
export interface Results {
  readonly create?: { readonly requestBytes: number; readonly results: readonly CreateResult[] };
  readonly seccomp?: SeccompResult;
  readonly memory?: MemoryResult;
  readonly start?: StartResult;
  readonly launcher?: LauncherResult;
  readonly runtime?: RuntimeResult;
}

/** All figures of one run, in the order of the report. */
export function toFigures({ create, seccomp, memory, start, launcher, runtime }: Results): Figures {
  return {
    ...Object.assign({}, ...(create?.results ?? []).map(createFigures)),
    ...(seccomp && { seccomp_added_us: rounded(seccomp.restricted.p50 - seccomp.without.p50, 1) }),
    ...(memory && memoryFigures(memory)),
    ...(start && startFigures(start)),
    ...(launcher && launcherFigures(launcher)),
    ...(runtime && runtimeFigures(runtime)),
  };
}

/** Start of a case's figure names: create, skip, create_32_callers, library_create … */
export function casePrefix({ runtime, callers, sandboxed }: CreateCase): string {
  const library = runtime === "adaptation" ? "library_" : "";
  return `${library}${sandboxed ? "create" : "skip"}${callers === 1 ? "" : `_${callers}_callers`}`;
}

function createFigures(result: CreateResult): Figures {
  const prefix = casePrefix(result);
  const { ours, go } = result;
  return {
    [`${prefix}_p50_ratio`]: rounded(ours.p50 / go.p50, 3),
    [`${prefix}_p90_ratio`]: rounded(ours.p90 / go.p90, 3),
    [`${prefix}_p99_ratio`]: rounded(ours.p99 / go.p99, 3),
    [`${prefix}_p50_us`]: rounded(ours.p50, 1),
    [`${prefix}_p90_us`]: rounded(ours.p90, 1),
    [`${prefix}_p99_us`]: rounded(ours.p99, 1),
    [`go_${prefix}_p50_us`]: rounded(go.p50, 1),
    [`go_${prefix}_p90_us`]: rounded(go.p90, 1),
    [`go_${prefix}_p99_us`]: rounded(go.p99, 1),
  };
}

function memoryFigures({ bareNode, idle, atOnce, afterContainers }: MemoryResult): Figures {
  return {
    private_mib_idle: rounded(idle.ours.privateMib, 1),
    private_mib_after_10k: rounded(afterContainers.ours.privateMib, 1),
    private_mib_after_10k_at_once: rounded(atOnce.ours.privateMib, 1),
    resident_mib_idle: rounded(idle.ours.residentMib, 1),
    resident_mib_after_10k: rounded(afterContainers.ours.residentMib, 1),
    resident_over_node_mib: rounded(idle.ours.residentMib - bareNode.residentMib, 1),
    node_private_mib: rounded(bareNode.privateMib, 1),
    node_resident_mib: rounded(bareNode.residentMib, 1),
    go_private_mib_idle: rounded(idle.go.privateMib, 1),
    go_private_mib_after_10k: rounded(afterContainers.go.privateMib, 1),
    go_private_mib_after_10k_at_once: rounded(atOnce.go.privateMib, 1),
    go_resident_mib_idle: rounded(idle.go.residentMib, 1),
    go_resident_mib_after_10k: rounded(afterContainers.go.residentMib, 1),
  };
}

function startFigures(start: StartResult): Figures {
  return {
    start_over_node_ms: rounded(start.ours.p50 - start.bareNode.p50, 1),
    start_ms: rounded(start.ours.p50, 1),
    node_start_ms: rounded(start.bareNode.p50, 1),
    go_start_ms: rounded(start.go.p50, 1),
    first_create_ms: rounded(start.oursFirstCreate.p50, 2),
    go_first_create_ms: rounded(start.goFirstCreate.p50, 2),
  };
}

function addedMs({ runc, nonoRunc }: Compared): number {
  return rounded(nonoRunc.p50 - runc.p50, 3);
}

function runtimeFigures({ bytes, create, exec, execToEnd }: RuntimeResult): Figures {
  return {
    runtime_create_added_ms: addedMs(create),
    runtime_exec_added_ms: addedMs(exec),
    runtime_exec_to_end_added_ms: addedMs(execToEnd),
    runtime_bytes: bytes,
  };
}

function launcherFigures(launcher: LauncherResult): Figures {
  return {
    launcher_over_c_ms: rounded(launcher.launcher.p50 - launcher.reference.p50, 3),
    launcher_bytes: launcher.launcherBytes,
    launcher_rules: launcher.rules,
    bare_exec_ms: rounded(launcher.bare.p50, 3),
    c_program_ms: rounded(launcher.reference.p50, 3),
    launcher_ms: rounded(launcher.launcher.p50, 3),
    landlock_restrict_ms: rounded(launcher.landlockRestrict.p50, 3),
    ...(launcher.upstreamNono && { upstream_nono_ms: rounded(launcher.upstreamNono.p50, 3) }),
  };
}
