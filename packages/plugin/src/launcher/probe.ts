import { execFile, type ExecFileException } from "node:child_process";
import type { Refusal } from "../policy/inputs.ts";

const TIMEOUT_MS = 5000;
const MAXIMUM_OUTPUT_BYTES = 64 * 1024;

/** What the launcher's self-test found out about the kernel. */
export interface ProbeResult {
  readonly version: string;
  readonly abi: number;
  readonly errata: number;
  readonly kernel: string;
}

/** Runs `LAUNCHER --probe`: it restricts itself and tries one open that must be denied. Never throws. */
export async function probeLauncher(
  path: string,
  minimumAbi: number,
  timeoutMs: number = TIMEOUT_MS,
): Promise<ProbeResult | Refusal> {
  const run = await runProbe(path, timeoutMs);
  const answer = parseProbe(run.stdout);
  if (answer === undefined) {
    const [detail = ""] = `${run.stderr}\n`.split("\n");
    return {
      code: "LAUNCHER_PROBE_FAILED",
      what: `${path} --probe did not answer as our launcher does (${run.outcome}${detail === "" ? "" : `: ${detail.slice(0, 200)}`})`,
      action: `run ${path} --probe on the node, and install the launcher of this release there`,
    };
  }
  if (!answer.deniedOpen || answer.abi < 1) {
    return {
      code: "LANDLOCK_OFF",
      what: `${path} --probe says that the kernel ${answer.kernel} does not enforce Landlock (ABI ${answer.abi}, denied open: ${answer.deniedOpen})`,
    };
  }
  if (answer.abi < minimumAbi) {
    return {
      code: "LANDLOCK_ABI_TOO_LOW",
      what: `the kernel ${answer.kernel} has Landlock ABI ${answer.abi}, and min_landlock_abi is ${minimumAbi}`,
    };
  }
  if (run.outcome !== "exit 0") {
    return { code: "LAUNCHER_PROBE_FAILED", what: `${path} --probe ended with ${run.outcome}` };
  }
  const { deniedOpen: _deniedOpen, ...result } = answer;
  return result;
}

/** Reads the probe's JSON line; undefined for anything else. */
export function parseProbe(text: string): (ProbeResult & { readonly deniedOpen: boolean }) | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(answer) || !isObject(answer["landlock"])) return undefined;
  const { version, kernel } = answer;
  const { abi, errata, denied_open: deniedOpen } = answer["landlock"];
  const isOurs =
    typeof version === "string" &&
    typeof kernel === "string" &&
    typeof abi === "number" &&
    Number.isSafeInteger(abi) &&
    typeof errata === "number" &&
    typeof deniedOpen === "boolean";
  return isOurs ? { version, kernel, abi, errata, deniedOpen } : undefined;
}

interface ProbeRun {
  readonly stdout: string;
  readonly stderr: string;
  /** `exit 0`, `exit 125`, `no answer in time`, or why it did not run. */
  readonly outcome: string;
}

function runProbe(path: string, timeout: number): Promise<ProbeRun> {
  return new Promise((resolve) => {
    const limits = {
      env: {},
      cwd: "/",
      timeout,
      killSignal: "SIGKILL",
      maxBuffer: MAXIMUM_OUTPUT_BYTES,
    } as const;
    execFile(path, ["--probe"], limits, (error, stdout, stderr) => {
      resolve({ stdout, stderr, outcome: describeOutcome(error) });
    });
  });
}

function describeOutcome(error: ExecFileException | null): string {
  if (error === null) return "exit 0";
  if (error.killed === true) return "no answer in time";
  if (typeof error.code === "number") return `exit ${error.code}`;
  return error.signal ?? error.code ?? error.message;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
