import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { cache, checkout } from "../stack/directories.ts";

const execute = promisify(execFile);
const native = join(checkout, "native");

/** The Rust target of this machine's static programs. */
export const staticTarget: string =
  process.arch === "arm64" ? "aarch64-unknown-linux-musl" : "x86_64-unknown-linux-musl";

/** Builds the launcher as a release does, for this machine or `target`, and answers its path. */
export async function buildLauncher(target: string = staticTarget): Promise<string> {
  const { stdout } = await execute(join(native, "build.sh"), [target]);
  return stdout.trim();
}

/** Builds the launcher with its symbols left in, and answers its path. */
export async function buildLauncherWithSymbols(): Promise<string> {
  return cargoBuild("kubefence-launcher", "nono", join(cache, "cargo-target-symbols"), {
    CARGO_PROFILE_RELEASE_STRIP: "none",
  });
}

/** Builds the program that tries single system calls (native/trial), and answers its path. */
export async function buildTrial(): Promise<string> {
  return cargoBuild("kubefence-trial", "trial", join(cache, "cargo-target"), {});
}

async function cargoBuild(
  crate: string,
  program: string,
  directory: string,
  environment: Record<string, string>,
): Promise<string> {
  const args = ["build", "--locked", "--quiet", "--release", "--target", staticTarget, "--package", crate];
  const env = { ...process.env, CARGO_TARGET_DIR: directory, ...environment };
  await execute("cargo", [...args, "--bin", program], { cwd: native, env });
  return join(directory, staticTarget, "release", program);
}
