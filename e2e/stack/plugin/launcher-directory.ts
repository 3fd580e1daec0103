import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { cache, checkout, type NodeDirectories } from "../directories.ts";
import { pluginCommand } from "./program.ts";

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

/**
 * Puts another program in the launcher's place, and these files into `profiles/`. The plugin then asks our launcher
 * beside its own program about the kernel, so it has to be the shipped one.
 */
export function replaceLauncher(
  directories: NodeDirectories,
  program: string,
  profiles: Readonly<Record<string, unknown>> = {},
): void {
  const [shipped] = pluginCommand();
  if (!existsSync(join(dirname(shipped), "nono")) || !existsSync(program)) {
    throw new Error(`${shipped} has no launcher beside it, or ${program} is missing: run make stack`);
  }
  install(program, join(directories.launcher, "nono"), 0o755);
  rmSync(join(directories.launcher, "profiles"), { recursive: true });
  mkdirSync(join(directories.launcher, "profiles"), { mode: 0o755 });
  for (const [name, profile] of Object.entries(profiles)) {
    writeFileSync(join(directories.launcher, "profiles", `${name}.json`), JSON.stringify(profile), { mode: 0o644 });
  }
}

function install(source: string, target: string, mode: number): void {
  copyFileSync(source, target);
  chmodSync(target, mode);
}
