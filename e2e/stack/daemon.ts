import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * A background process known by a pid file, so that any later process of ours can stop it: a test worker, the teardown,
 * `make stack-down`, or the next run after a killed one.
 */
export interface DaemonFiles {
  pidFile: string;
  /** Standard output, and standard error too when `errorFile` is absent. Appended. */
  logFile: string;
  errorFile?: string;
}

/** Starts a program in the background and records its pid. The caller waits for whatever makes it ready. */
export function startDaemon(files: DaemonFiles, program: string, args: string[], environment: NodeJS.ProcessEnv): void {
  mkdirSync(dirname(files.logFile), { recursive: true });
  const output = openSync(files.logFile, "a");
  const errors = openSync(files.errorFile ?? files.logFile, "a");
  const child = spawn(program, args, { detached: true, stdio: ["ignore", output, errors], env: environment });
  closeSync(output);
  closeSync(errors);
  if (child.pid === undefined) {
    throw new Error(`cannot start ${program}`);
  }
  child.unref();
  recordPid(files.pidFile, child.pid);
}

/** Notes a running process in a pid file. */
export function recordPid(pidFile: string, pid: number): void {
  mkdirSync(dirname(pidFile), { recursive: true });
  writeFileSync(pidFile, `${pid} ${startTime(pid)}\n`);
}

/** The pid of a recorded process that still runs; undefined when it ended or the pid belongs to another process now. */
export function runningPid(pidFile: string): number | undefined {
  if (!existsSync(pidFile)) {
    return undefined;
  }
  const [pid, recorded] = readFileSync(pidFile, "utf8").trim().split(" ");
  return recorded !== undefined && startTime(Number(pid)) === recorded ? Number(pid) : undefined;
}

/** Sends a signal, by default SIGTERM, and waits until the process has ended; SIGKILL after `timeoutMs`. */
export async function stopDaemon(
  pidFile: string,
  signal: NodeJS.Signals = "SIGTERM",
  timeoutMs = 10_000,
): Promise<void> {
  const pid = runningPid(pidFile);
  if (pid !== undefined) {
    process.kill(pid, signal);
    if (!(await ended(pidFile, timeoutMs))) {
      process.kill(pid, "SIGKILL");
      await ended(pidFile, 5_000);
    }
  }
  rmSync(pidFile, { force: true });
}

// The process may be anybody's child, so there is no exit event to wait for.
async function ended(pidFile: string, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (runningPid(pidFile) !== undefined) {
    if (Date.now() > deadline) {
      return false;
    }
    await delay(10);
  }
  return true;
}

/** Start time of a process in clock ticks since boot: with the pid it names a process for good. Undefined for the dead and zombies. */
function startTime(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // proc(5): the command name, field 2, is in parentheses and may hold anything; state is field 3, start time field 22.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state === "Z" ? undefined : fields[18];
}
