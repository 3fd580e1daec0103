/** Looks at a node and says what install would do. Reads only. */
import { lstat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type NodePlan, type PlannedFile, profileFile } from "../node/plan.ts";
import { findIntolerant } from "../node/static-pods.ts";
import { composeRuntimeConfiguration, type PluginConfiguration, readPluginConfiguration } from "../runtime/compose.ts";
import { checkRuntime } from "../runtime/node.ts";
import { planContainerd, wantNonoRunc } from "./containerd-plan.ts";
import { planCrio } from "./crio-plan.ts";
import { owned } from "../files/durable.ts";
import type { Host } from "./host.ts";
import { isListed } from "./installed-list.ts";
import { kubeletSetting } from "./kubelet.ts";
import { judgeLoaded } from "./loaded-handler.ts";
import type { NodeOptions } from "./options.ts";
import { filterChanges, profileChanges, programChange, readRelease, type Release } from "./release.ts";
import { findRealRuntime, findRuntime } from "./runtime.ts";
import type { RuntimeSetup } from "./setup.ts";
import { type Installed, installedName, readInstalledState } from "./state.ts";
import type { Change } from "./transaction.ts";

export interface InstallPlan {
  readonly shown: NodePlan;
  readonly setup: RuntimeSetup;
  readonly plugin: PluginConfiguration;
  readonly release: Release;
  /** runc, or what the node's own handler starts. */
  readonly realRuntime: string;
  readonly installed: Installed | undefined;
  /** What differs from the node, in the order in which it has to be done. */
  readonly containerFiles: readonly Change[];
  readonly runtimeProgram: readonly Change[];
  readonly launcher: readonly Change[];
  readonly configureRuntime: boolean;
  readonly runtimeFiles: readonly Change[];
  /** Folders that containers of any user have to reach. */
  readonly closedFolders: readonly string[];
}

/**
 * The plan for this version of Kubefence. What cannot be done is in `shown.problems`; what keeps even a plan from being made is thrown.
 * @throws {NodeError} | {RuntimeConfigError}
 */
export async function planInstall(host: Host, options: NodeOptions, version: string): Promise<InstallPlan> {
  const { settings } = options;
  const plugin = readPluginConfiguration(options.pluginConfig);
  const release = await readRelease(options.release, plugin.profileSet, options.profiles);
  const installed = await readInstalledState(host, options.stateDirectory);
  const found = await findRuntime(host, options.choice);
  const setup =
    found.kind === "crio"
      ? await planCrio(host, found, settings)
      : await planContainerd(host, found, wantNonoRunc(settings, installed !== undefined));
  const realRuntime = await findRealRuntime(
    host,
    options.ociRuntime ?? setup.baseProgram,
    found.process?.searchPath ?? "",
  );
  await checkRuntime(host.target(realRuntime), host.path(settings.program));

  const folder = dirname(plugin.nonoBinPath);
  const containerFiles = [
    ...(await different(host, [
      ...profileChanges(folder, release.profiles),
      ...filterChanges(folder, release.filters),
    ])),
    ...staleFiles(installed, folder, release),
  ];
  const runtimeProgram = await different(host, [programChange(settings.program, release.runtime)]);
  const launcher = await different(host, [programChange(plugin.nonoBinPath, release.launcher)]);
  const closedFolders = await findClosed(host, [folder, join(folder, "profiles"), join(folder, "seccomp")]);
  const programs = [...containerFiles, ...runtimeProgram, ...launcher];
  const isChanged = programs.length + closedFolders.length > 0;
  const configureRuntime = isChanged || (await isStale(host, plugin, realRuntime, options));
  const runtimeFiles = await different(host, setup.changes);

  const loaded = await judgeLoaded(host, setup, settings.program);
  const isChangedAnyhow = isChanged || configureRuntime || runtimeFiles.length > 0;
  const listed = isChangedAnyhow || (await isListed(host, { plugin, release, setup, installed }, options, version));
  const problems = [...setup.problems, ...(settings.requirePlugin ? findIntolerant(await readStaticPods(host)) : [])];
  const shown: NodePlan = {
    runtime: setup.description,
    files: [
      ...closedFolders.map((path): PlannedFile => ({
        path,
        action: "chmod",
        what: "0755, for containers of any user",
      })),
      ...(await Promise.all(programs.map((change) => describe(host, change)))),
      ...(configureRuntime ? [await describeConfiguration(host, `${settings.program}.json`)] : []),
      ...(await Promise.all(runtimeFiles.map((change) => describeText(host, change, found.kind)))),
      ...(listed ? [] : [await describeList(host, join(options.stateDirectory, installedName))]),
    ],
    restart:
      problems.length === 0 &&
      found.process !== undefined &&
      (runtimeFiles.length > 0 || loaded === "missing" || loaded === "unasked"),
    problems,
    notes: loaded === "unasked" ? [...setup.notes, unaskedNote] : setup.notes,
  };
  return {
    shown,
    setup,
    plugin,
    release,
    realRuntime,
    installed,
    containerFiles,
    runtimeProgram,
    launcher,
    configureRuntime,
    runtimeFiles,
    closedFolders,
  };
}

const unaskedNote =
  "the container runtime started before nono-runc was there and does not know what it can do, such as user namespaces; it asks when it starts";

/** Manifests that the kubelet starts by itself. */
async function readStaticPods(host: Host): Promise<Map<string, string>> {
  const folder = (await kubeletSetting(host, "staticPodPath")) ?? "/etc/kubernetes/manifests";
  const manifests = new Map<string, string>();
  for (const name of await host.list(folder)) {
    const text = name.startsWith(".") ? undefined : await host.readText(join(folder, name)).catch(() => undefined);
    if (text !== undefined) manifests.set(join(folder, name), text);
  }
  return manifests;
}

/** Those of which the node's file has other bytes, or, where it matters, another mode or owner. */
export async function different(host: Host, changes: readonly Change[]): Promise<Change[]> {
  const isNew = await Promise.all(
    changes.map(async ({ path, content, owner, enforce }) => {
      const current = await host.read(path);
      if (content === undefined) return current !== undefined;
      if (current === undefined || !current.equals(content)) return true;
      const { mode, uid, gid } = await lstat(host.path(path));
      return enforce === true && ((mode & 0o7777) !== owner.mode || uid !== owner.uid || gid !== owner.gid);
    }),
  );
  return changes.filter((_, index) => isNew[index]);
}

/** Profiles and filters that an earlier release brought and this one does not. Profiles stay stored by digest. */
function staleFiles(installed: Installed | undefined, folder: string, { profiles, filters }: Release): Change[] {
  const isDropped = (path: string): boolean =>
    (dirname(path) === join(folder, "profiles") && !profiles.has(basename(path, ".json"))) ||
    (dirname(path) === join(folder, "seccomp") && !filters.has(basename(path)));
  return (installed?.files ?? [])
    .filter(({ path }) => isDropped(path))
    .map(({ path }) => ({ path, content: undefined, owner: owned(0o644) }));
}

async function findClosed(host: Host, folders: readonly string[]): Promise<string[]> {
  const modes = await Promise.all(
    folders.map((folder) =>
      lstat(host.path(folder)).then(
        ({ mode }) => mode & 0o777,
        () => 0o755,
      ),
    ),
  );
  return folders.filter((_, index) => modes[index] !== 0o755);
}

async function isStale(
  host: Host,
  plugin: PluginConfiguration,
  runtime: string,
  options: NodeOptions,
): Promise<boolean> {
  const current = await host.readText(`${options.settings.program}.json`);
  const at = (path: string): string => host.path(path);
  return current !== (await composeRuntimeConfiguration(plugin, { runtime, log: options.log, at }));
}

async function describe(host: Host, { path, content }: Change): Promise<PlannedFile> {
  if (content === undefined) return { path, action: "remove", what: "no longer part of the release" };
  const what = path.endsWith(".json") ? profileFile : path.endsWith(".bpf") ? "seccomp filter" : "program";
  return { path, action: (await host.exists(path)) ? "replace" : "create", what };
}

/** A text file for people, with its difference. */
export async function describeText(host: Host, { path, content }: Change, what: string): Promise<PlannedFile> {
  const before = (await host.read(path))?.toString();
  if (content === undefined) return { path, action: "remove", what, before };
  const after = Buffer.from(content).toString();
  return { path, action: before === undefined ? "create" : "replace", what, before, after };
}

async function describeConfiguration(host: Host, path: string): Promise<PlannedFile> {
  return { path, action: (await host.exists(path)) ? "replace" : "create", what: "configuration of the OCI runtime" };
}

async function describeList(host: Host, path: string): Promise<PlannedFile> {
  return { path, action: (await host.exists(path)) ? "replace" : "create", what: "list of what is installed" };
}
