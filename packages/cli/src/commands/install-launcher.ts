/** kubefence install-launcher */
import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { InstallError, ProfileError, RuntimeConfigError } from "../errors.ts";
import { writeManifests } from "../files/by-digest.ts";
import { owned, ownTemporaryOf, putProgram, replaceFile } from "../files/durable.ts";
import { refreshRuntimeConfiguration } from "../runtime/refresh.ts";
import { type Output, UsageError } from "./output.ts";

export interface InstallLauncherOptions {
  /** The directory that containers see at /nono. */
  readonly directory: string;
  /** What to install: `nono`, `profiles/NAME.json`, and `seccomp/NAME.bpf` where there is any. */
  readonly release: string;
  /** The plugin's configuration. */
  readonly config: string;
  /** nono-runc's configuration; kept up to date where it is there. */
  readonly runtimeConfig: string;
}

/** The original's wrapper scripts: first on the containers' PATH, and without effect inside the sandbox but to fail. */
const wrappers = ["sh", "bash", "ash", "dash", "python3", "python", "node", "ruby", "perl"];
const wrapperMark = "exec /nono/nono wrap";

/** What a node without nono-runc has to do without; where node set-up runs at the same time, it is only not there yet. */
const withoutRuntime =
  "not there, so nono-runc is not set up on this node (yet). Until it is, kubectl exec, exec probes and hooks run outside the sandbox, and a " +
  "container that starts while the plugin is away is not sandboxed; run kubefence node install, or set nodeSetup.enabled in the chart";

/** Readable by everybody, and what is a program may be run: containers of any user do. */
const [programMode, fileMode] = [0o755, 0o644];

/**
 * Installs the launcher and what it reads, each file by rename, into a directory that every user may enter. Where
 * nono-runc is set up it accepts the new launcher before that is there, and the new profiles after.
 * @throws {UsageError} | {InstallError} | {RuntimeConfigError} | {ProfileError} KF_PROFILE_WRITE
 */
export async function installLauncher(options: InstallLauncherOptions): Promise<Output> {
  const { directory, release } = options;
  if (!isAbsolute(directory)) throw new UsageError(`--directory ${directory}: must be an absolute path`);
  const launcher = join(release, "nono");
  const bytes = await readLauncherFile(launcher);
  const manifests = await readFolder(join(release, "profiles"), ".json");
  const filters = await readFolder(join(release, "seccomp"), ".bpf", "may be missing");

  await makeDirectory(directory);
  await makeDirectory(join(directory, "profiles"));
  await writeManifests(
    join(directory, "profiles"),
    new Map([...manifests].map(([name, text]) => [name, text.toString()])),
  );
  if (filters.size > 0) await makeDirectory(join(directory, "seccomp"));
  for (const [name, filter] of filters) {
    const path = join(directory, "seccomp", name);
    await writing(path, () => replaceFile(path, filter, owned(fileMode), ownTemporaryOf(path)));
  }

  const runtime = { path: options.runtimeConfig, settings: options.config };
  const refresh = (next?: string[]): Promise<boolean> =>
    writing(options.runtimeConfig, () => refreshRuntimeConfiguration(runtime, next));
  const installed = join(directory, "nono");
  await refresh([launcher]);
  const replaced = await writing(installed, () => putProgram(installed, bytes, programMode));
  // Node set-up may have brought nono-runc meanwhile: whoever changes the launcher last has its configuration fit.
  const refreshes = await refresh();
  const removed = await removeWrappers(directory);

  const digest = createHash("sha256").update(bytes).digest("hex");
  const lines = [
    `${directory}/nono: ${replaced ? "installed" : "unchanged"}, sha256 ${digest}`,
    `${directory}: ${manifests.size} profiles, ${filters.size} seccomp filters`,
    `${options.runtimeConfig}: ${refreshes ? "refreshed" : withoutRuntime}`,
    ...removed.map((path) => `${path}: removed, a wrapper script of the original`),
  ];
  return { stdout: `${lines.join("\n")}\n` };
}

async function readLauncherFile(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new InstallError("KF_INSTALL_RELEASE", path, cause.message, { cause });
  });
  if (bytes.subarray(0, 4).toString("latin1") !== "\u007fELF") {
    throw new InstallError("KF_INSTALL_RELEASE", path, "it is no ELF program");
  }
  return bytes;
}

async function readFolder(path: string, suffix: string, missing?: "may be missing"): Promise<Map<string, Buffer>> {
  try {
    const names = (await readdir(path)).filter((name) => name.endsWith(suffix));
    return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(path, name))] as const)));
  } catch (cause) {
    if (missing !== undefined && cause instanceof Error && "code" in cause && cause.code === "ENOENT") return new Map();
    throw new InstallError("KF_INSTALL_RELEASE", path, cause instanceof Error ? cause.message : String(cause), {
      cause,
    });
  }
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
    if (cause instanceof RuntimeConfigError || cause instanceof ProfileError) throw cause;
    throw new InstallError("KF_INSTALL_WRITE", path, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
