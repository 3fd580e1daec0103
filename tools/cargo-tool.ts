import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where built tools are kept, outside the checkout. */
export const cache: string = process.env["KUBEFENCE_CACHE"] ?? join(homedir(), ".cache/kubefence");

/** The path of a program from crates.io, built into the cache the first time (minutes). */
export function cargoTool(name: string, version: string): string {
  const folder = join(cache, "bin", `${name}-${version}`);
  const program = join(folder, "bin", name);
  if (!existsSync(program)) {
    console.log(`==> ${name} ${version} from crates.io (the first time: minutes)`);
    const args = ["install", "--quiet", "--locked", "--root", folder, `${name}@${version}`];
    execFileSync("cargo", args, {
      stdio: "inherit",
      env: { ...process.env, CARGO_TARGET_DIR: join(cache, "cargo-target-tools") },
    });
  }
  return program;
}
