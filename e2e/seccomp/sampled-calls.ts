import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { staticTarget } from "../bare-root/binaries.ts";
import { cache, checkout } from "../stack/directories.ts";

const execute = promisify(execFile);

/** A system call, as `trial calls` takes it, and what a policy says to it. */
export interface SampledCall {
  /** `64` or `32`, number and arguments. */
  readonly call: string;
  /** 0 where it is allowed. */
  readonly errno: number;
  readonly name: string;
}

/** Calls that do no harm, and what the rules of a policy say to them where these capabilities are held. */
export async function sampleCalls(policy: string, held: bigint): Promise<SampledCall[]> {
  const args = ["run", "--locked", "--quiet", "--release", "--target", staticTarget];
  const example = ["--package", "kubefence-seccomp", "--example", "sample"];
  const env = { ...process.env, CARGO_TARGET_DIR: join(cache, "cargo-target") };
  const file = join(checkout, "seccomp/generated", `${policy}.json`);
  const { stdout } = await execute("cargo", [...args, ...example, "--", file, String(held)], {
    cwd: join(checkout, "native"),
    env,
    maxBuffer: 8 << 20,
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const [call = "", errno, name = ""] = line.split("|");
      return { call, errno: Number(errno), name };
    });
}
