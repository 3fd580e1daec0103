/** kubefence install-launcher */
import { createHash } from "node:crypto";
import { access, chmod, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { InstallError, ProfileError, RuntimeConfigError } from "../errors.ts";
import { writeManifests } from "../files/by-digest.ts";
import { owned, ownTemporaryOf, putProgram, replaceFile } from "../files/durable.ts";
import { noteOwnProfiles, removeOtherOwnProfiles } from "../files/own-profiles.ts";
import { type ProfileFile, readProfileFolder } from "../files/profile-file.ts";
import { profileFolderOf, profileFolders } from "../files/profile-sets.ts";
import { installShims, removeShims } from "../files/shims.ts";
import { loadPluginConfiguration, type PluginConfiguration } from "../runtime/compose.ts";
import { refreshRuntimeConfiguration } from "../runtime/refresh.ts";
import { requireAbsolute } from "./flags.ts";
import { type Output, UsageError, warningLines } from "./output.ts";
import { isMissing, messageOf } from "../thrown.ts";

export interface InstallLauncherOptions {
  /** The directory that containers see at /nono. */
  readonly directory: string;
  /** What to install: `nono`, `shim`, `profiles/NAME.json` or `profiles-nono/NAME.json`, and `seccomp/NAME.bpf` where there is any. */
  readonly release: string;
  /** The plugin's configuration. */
  readonly config: string;
  /** nono-runc's configuration; kept up to date where it is there. */
  readonly runtimeConfig: string;
  /** Folder of the operator's own profiles: sources, which are compiled, or manifests. They come beside the release's, or in place of one. */
  readonly profiles?: string | undefined;
}

/** What a node without nono-runc has to do without; where node set-up runs at the same time, it is only not there yet. */
const withoutRuntime =
  "not there, so nono-runc is not set up on this node (yet). Until it is, kubectl exec, exec probes and hooks run outside the sandbox, and a " +
  "container that starts while the plugin is away is not sandboxed; run kubefence node install, or set nodeSetup.enabled in the chart";

const noProfiles: ReadonlyMap<string, ProfileFile> = new Map();

/** Readable by everybody, and what is a program may be run: containers of any user do. */
const [programMode, fileMode] = [0o755, 0o644];

/**
 * Installs the launcher and what it reads, each file by rename, into a directory that every user may enter. Where
 * nono-runc is set up it accepts the new launcher before that is there, and the new profiles after. A profile of the
 * operator's that does not compile is an error before anything is changed.
 * @throws {UsageError} | {InstallError} | {RuntimeConfigError} | {ProfileError} | {ManifestError}
 */
export async function installLauncher(options: InstallLauncherOptions): Promise<Output> {
  const { directory, release } = options;
  requireAbsolute({ directory });
  const configuration = await readSettings(options.config);
  const form = configuration?.launcher ?? "kubefence";
  if (form !== "kubefence") return installOther(form, options);
  const set = configuration?.profileSet ?? "kubefence";
  const launcher = join(release, "nono");
  const bytes = await readProgram(launcher);
  const shim = configuration?.pathShims === true ? await readProgram(join(release, "shim")) : undefined;
  const manifests = await readFolder(join(release, profileFolderOf(set)), ".json");
  const filters = await readFolder(join(release, "seccomp"), ".bpf", "may be missing");
  const own = options.profiles === undefined ? noProfiles : await readProfileFolder(options.profiles);
  const ownTexts = new Map([...own].map(([name, { text }]) => [`${name}.json`, text]));

  await makeDirectory(directory);
  const profiles = join(directory, "profiles");
  await makeDirectory(profiles);
  await writing(profiles, () => noteOwnProfiles(profiles, ownTexts));
  await writeManifests(
    profiles,
    new Map([...[...manifests].map(([name, text]) => [name, text.toString()] as const), ...ownTexts]),
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
  const dropped = await writing(profiles, () => removeOtherOwnProfiles(profiles, ownTexts, manifests));
  const stale = await removeOtherSet(release, set, directory, new Set([...manifests.keys(), ...ownTexts.keys()]));
  // Node set-up may have brought nono-runc meanwhile: whoever changes the launcher last has its configuration fit.
  const refreshes = await refresh();
  const removed = await writing(directory, async () => {
    if (shim === undefined || configuration === undefined) return removeShims(directory);
    await installShims(directory, shim, configuration);
    return [`${directory}: PATH shims, profile ${configuration.defaultProfile}`];
  });

  const digest = createHash("sha256").update(bytes).digest("hex");
  const lines = [
    `${directory}/nono: ${replaced ? "installed" : "unchanged"}, sha256 ${digest}`,
    `${directory}: ${manifests.size} profiles, ${filters.size} seccomp filters`,
    ...[...own.keys()].map((name) => describeOwn(profiles, name, manifests)),
    `${options.runtimeConfig}: ${refreshes ? "refreshed" : withoutRuntime}`,
    ...dropped.map((path) => `${path}: removed, no profile of the operator's any more`),
    ...stale.map((path) => `${path}: removed, not in profile_set = "${set}"`),
    ...removed,
  ];
  const warnings = [...own].map(([name, { compiled }]) => warningLines(name, compiled?.warnings ?? []));
  return { stdout: `${lines.join("\n")}\n`, stderr: warnings.join("") };
}

function describeOwn(profiles: string, name: string, builtIn: ReadonlyMap<string, unknown>): string {
  const place = builtIn.has(`${name}.json`) ? ", in place of the built-in" : "";
  return `${join(profiles, `${name}.json`)}: the operator's${place}`;
}

/** The plugin's configuration; a node need not have one yet. */
async function readSettings(path: string): Promise<PluginConfiguration | undefined> {
  const isAbsent = await access(path).then(() => false, isMissing);
  return isAbsent ? undefined : loadPluginConfiguration(path);
}

/** Upstream nono comes with an image that was built with it; any other launcher is the operator's, and so are the profiles of both. */
async function installOther(form: string, options: InstallLauncherOptions): Promise<Output> {
  const { directory, release } = options;
  if (options.profiles !== undefined) {
    throw new UsageError(
      `--profiles ${options.profiles}: launcher = "${form}" does not read what they are compiled to`,
    );
  }
  const runtime = { path: options.runtimeConfig, settings: options.config };
  const bytes = form === "nono" ? await readProgram(join(release, "nono-upstream")) : undefined;
  await writing(options.runtimeConfig, () => refreshRuntimeConfiguration(runtime));
  await makeDirectory(directory);
  const removed = await writing(directory, () => removeShims(directory));
  const path = join(directory, "nono");
  const said =
    bytes === undefined
      ? `launcher = "${form}": the program is yours to install`
      : (await writing(path, () => putProgram(path, bytes, programMode)))
        ? "installed, upstream nono"
        : "unchanged, upstream nono";
  return { stdout: [`${path}: ${said}`, ...removed, ""].join("\n") };
}

/** Profiles that an earlier run took from the other set, as they came from there. */
async function removeOtherSet(
  release: string,
  set: string,
  directory: string,
  kept: ReadonlySet<string>,
): Promise<string[]> {
  const removed: string[] = [];
  const others = await readFolder(
    join(release, set === "nono" ? profileFolders.kubefence : profileFolders.nono),
    ".json",
    "may be missing",
  );
  for (const [name, text] of others) {
    const path = join(directory, "profiles", name);
    if (kept.has(name) || !(await readFile(path).catch(() => undefined))?.equals(text)) continue;
    await writing(path, () => rm(path));
    removed.push(path);
  }
  return removed;
}

async function readProgram(path: string): Promise<Buffer> {
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
    if (missing !== undefined && isMissing(cause)) return new Map();
    throw new InstallError("KF_INSTALL_RELEASE", path, messageOf(cause), { cause });
  }
}

async function makeDirectory(path: string): Promise<void> {
  await writing(path, async () => {
    await mkdir(path, { recursive: true, mode: 0o755 });
    // The original makes it 0700, which shuts out every container that does not run as root.
    await chmod(path, 0o755);
  });
}

async function writing<Result>(path: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (cause) {
    if (cause instanceof RuntimeConfigError || cause instanceof ProfileError) throw cause;
    throw new InstallError("KF_INSTALL_WRITE", path, messageOf(cause), { cause });
  }
}
