/** Running the programs that know partition tables and ext4. */
import { execFile } from "node:child_process";
import { KataImageError } from "./errors.ts";

/** How a program ended, whatever its exit code. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A damaged image must not keep a program busy for ever. */
const timeoutMs = 600_000;

/**
 * Runs a program in `directory`, with English messages and the directories of administrators' programs on its path.
 * @throws {KataImageError} KF_KATA_IMAGE_TOOL when it cannot be started, or is killed
 */
export function runProgram(program: string, args: readonly string[], directory: string): Promise<Ended> {
  const env = { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin`, LC_ALL: "C" };
  const options = { cwd: directory, env, timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null || typeof error.code === "number") {
        resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
        return;
      }
      const what = error.code === "ENOENT" ? "it is not installed" : `it did not end by itself: ${error.message}`;
      reject(new KataImageError("KF_KATA_IMAGE_TOOL", program, what, { cause: error }));
    });
  });
}
