/** kubefence install-launcher */
import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { InstallError } from "../errors.ts";
import { replaceProgram } from "../files/replace.ts";
import { isSetUp, refreshRuntimeConfiguration } from "../runtime/refresh.ts";
import { compile } from "./compile.ts";
import { type Output, UsageError } from "./output.ts";

export interface InstallLauncherOptions {
  /** The directory that containers see at /nono. */
  readonly directory: string;
  /** The launcher to install. */
  readonly launcher: string;
  /** The plugin's configuration. */
  readonly config: string;
  /** nono-runc's configuration; kept up to date where it is there. */
  readonly runtimeConfig: string;
}

/** The original's wrapper scripts: first on the containers' PATH, and without effect inside the sandbox but to fail. */
const wrappers = ["sh", "bash", "ash", "dash", "python3", "python", "node", "ruby", "perl"];
const wrapperMark = "exec /nono/nono wrap";

/**
 * Installs the launcher and the built-in profiles, each by rename, into a directory that every user may enter. Where
 * nono-runc is set up it accepts the new launcher before that is there, and the new profiles after.
 * @throws {UsageError} | {InstallError} | {RuntimeConfigError} | {ProfileError} KF_PROFILE_WRITE
 */
export async function installLauncher(options: InstallLauncherOptions): Promise<Output> {
  const { directory, launcher } = options;
  if (!isAbsolute(directory)) throw new UsageError(`--directory ${directory}: must be an absolute path`);
  const bytes = await readLauncherFile(launcher);
  const profiles = join(directory, "profiles");
  await makeDirectory(directory);
  await makeDirectory(profiles);
  const { stderr = "", failures = [] } = await compile([], { builtin: true, output: profiles });
  if (failures.length > 0) return { failures };

  const runtime = { path: options.runtimeConfig, settings: options.config, launcherDirectory: directory };
  const refreshes = await isSetUp(options.runtimeConfig);
  if (refreshes) await refreshRuntimeConfiguration(runtime, [launcher]);
  const installed = join(directory, "nono");
  const replaced = await writing(installed, () => replaceProgram(installed, bytes));
  if (refreshes) await refreshRuntimeConfiguration(runtime);
  const removed = await removeWrappers(directory);

  const digest = createHash("sha256").update(bytes).digest("hex");
  const lines = [
    `${installed}: ${replaced ? "installed" : "unchanged"}, sha256 ${digest}`,
    `${profiles}: built-in profiles installed`,
    ...(refreshes ? [`${options.runtimeConfig}: refreshed`] : []),
    ...removed.map((path) => `${path}: removed, a wrapper script of the original`),
  ];
  return { stdout: `${lines.join("\n")}\n`, stderr };
}

async function readLauncherFile(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new InstallError("KF_INSTALL_LAUNCHER", path, cause.message, { cause });
  });
  if (bytes.subarray(0, 4).toString("latin1") !== "\u007fELF") {
    throw new InstallError("KF_INSTALL_LAUNCHER", path, "it is no ELF program");
  }
  return bytes;
}

async function makeDirectory(path: string): Promise<void> {
  await writing(path, async () => {
    await mkdir(path, { recursive: true, mode: 0o755 });
    // The original makes it 0700, which shuts out every container that does not run as root.
    await chmod(path, 0o755);
  });
}

async function removeWrappers(directory: string): Promise<string[]> {
  const removed: string[] = [];
  for (const path of wrappers.map((name) => join(directory, name))) {
    const text = await readFile(path, "latin1").catch(() => "");
    if (!text.includes(wrapperMark)) continue;
    await writing(path, () => rm(path));
    removed.push(path);
  }
  return removed;
}

async function writing<Result>(path: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (cause) {
    throw new InstallError("KF_INSTALL_WRITE", path, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
