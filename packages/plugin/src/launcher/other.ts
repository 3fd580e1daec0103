import { execFile } from "node:child_process";
import { dirname } from "node:path";
import type { Refusal } from "../policy/inputs.ts";
import { probeLauncher, type ProbeResult } from "./probe.ts";

const TIMEOUT_MS = 5000;

/**
 * Checks the node for a launcher that is not ours. Other launchers have no self-test, so ours is asked about the kernel:
 * the file `nono` beside the plugin's program, as in the image and the release. Never throws.
 */
export async function probeOther(
  path: string,
  form: string,
  minimumAbi: number,
  ours: string = `${dirname(process.argv[1] ?? "")}/nono`,
): Promise<ProbeResult | Refusal> {
  const kernel = await probeLauncher(ours, minimumAbi);
  if ("code" in kernel) return kernel;
  if (form !== "nono") return { ...kernel, version: form };
  const version = await versionOf(path);
  if (/^nono \d+\.\d+\.\d+$/.test(version)) return { ...kernel, version };
  return {
    code: "LAUNCHER_PROBE_FAILED",
    what: `${path} --version says ${JSON.stringify(version)}, which is not upstream nono's answer`,
    action: 'install upstream nono there, or set launcher to what is there ("kubefence" is ours)',
  };
}

/** The first line that it prints, or why there is none. */
function versionOf(path: string): Promise<string> {
  const limits = { env: { HOME: "/nonexistent" }, cwd: "/", timeout: TIMEOUT_MS, killSignal: "SIGKILL" } as const;
  return new Promise((resolve) => {
    execFile(path, ["--version"], limits, (error, stdout) => {
      const [line = ""] = stdout.split("\n");
      resolve(line.slice(0, 100) || (error?.message ?? ""));
    });
  });
}
