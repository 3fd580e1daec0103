import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cache, checkout, type NodeDirectories } from "../directories.ts";

/** Fills the node's launcher directory as an installation does: owned by root, 0755, `nono`, `profiles/*.json`, each also by digest, and `seccomp/*.bpf`. */
export function installLauncher(directories: NodeDirectories): void {
  const launcher = join(cache, "bin/nono");
  if (!existsSync(launcher)) {
    throw new Error(`no launcher at ${launcher}: run native/build.sh`);
  }
  const profiles = join(checkout, "profiles/generated");
  rmSync(directories.launcher, { recursive: true, force: true });
  const byDigest = join(directories.launcher, "profiles/by-digest");
  mkdirSync(byDigest, { recursive: true });
  install(launcher, join(directories.launcher, "nono"), 0o755);
  for (const name of readdirSync(profiles).filter((file) => file.endsWith(".json"))) {
    install(join(profiles, name), join(directories.launcher, "profiles", name), 0o644);
    const digest = createHash("sha256")
      .update(readFileSync(join(profiles, name)))
      .digest("hex");
    install(join(profiles, name), join(byDigest, `${digest}.json`), 0o644);
  }
  const seccomp = join(directories.launcher, "seccomp");
  mkdirSync(seccomp);
  for (const name of readdirSync(join(cache, "bin/seccomp")).filter((file) => file.endsWith(".bpf"))) {
    install(join(cache, "bin/seccomp", name), join(seccomp, name), 0o644);
  }
  chmodSync(seccomp, 0o755);
  chmodSync(byDigest, 0o755);
  chmodSync(directories.launcher, 0o755);
  chmodSync(join(directories.launcher, "profiles"), 0o755);
}

function install(source: string, target: string, mode: number): void {
  copyFileSync(source, target);
  chmodSync(target, mode);
}
