/** Takes away what install put there: the runtime's files first, the programs when no container needs them any more. */
import { chmod, readlink, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SHIM_NAMES, SHIM_TARGET } from "@kubefence/plugin/shims";
import { byDigestFolder } from "../files/by-digest.ts";
import { ownProfilesList, parseOwnProfiles } from "../files/own-profiles.ts";
import { nodeError } from "../node/errors.ts";
import { importPatterns } from "../node/containerd/imports.ts";
import { takeOut } from "../node/toml/insert.ts";
import { TomlError } from "../node/toml/parse.ts";
import { changeNode } from "./change.ts";
import { dumpNow } from "./containerd.ts";
import { type ListedSandbox, listSandboxes, sandboxesInUse } from "./cri.ts";
import { owned } from "../files/durable.ts";
import { bequeath, type Heir } from "./heir.ts";
import { type Host, programFolders } from "./host.ts";
import type { NodeOptions } from "./options.ts";
import { crioSocket, findRuntime, type FoundRuntime } from "./runtime.ts";
import { withRemovalNote } from "./self-test-note.ts";
import { chooseRestart, untilBack } from "./service.ts";
import { type EditedMain, type Installed, type InstalledFile, installedName } from "./state.ts";
import { type Change, sha256 } from "./transaction.ts";
import { messageOf } from "../thrown.ts";

export interface UninstallOptions extends Pick<NodeOptions, "choice" | "stateDirectory" | "restart" | "backTimeoutMs"> {
  /** Name of what is uninstalled, for the journal. */
  readonly operation: string;
  /** Pods of this handler need what is to go. */
  readonly handler: string;
  /** Notes of the other set-up, which may need our edit of the main file. */
  readonly otherState: string;
}

/** What uninstall would do. */
export interface UninstallPlan {
  readonly installed: Installed;
  readonly found: FoundRuntime;
  readonly socket: string;
  /** Pods of our handler that run. */
  readonly running: readonly ListedSandbox[];
  /** Files of the runtime's configuration, in the order in which to change them. */
  readonly runtimeFiles: readonly Change[];
  /** What stays for the other set-up. */
  readonly heir: Heir | undefined;
  /** Programs, profiles, what others had at their places; empty while a container needs them. */
  readonly programs: readonly Change[];
  /** Files that stay until a later run, because sandboxes need them. */
  readonly staying: readonly string[];
  readonly notes: readonly string[];
}

/** @throws {NodeError} KF_NODE_IN_USE where sandboxed pods run and `force` is not given */
export async function planUninstall(
  host: Host,
  options: UninstallOptions,
  installed: Installed,
  force: boolean,
): Promise<UninstallPlan> {
  const kind = installed.runtime === "crio" ? "crio" : "containerd";
  const found = await findRuntime(host, { ...options.choice, runtime: kind });
  const socket = kind === "crio" ? crioSocket : (await dumpNow(host, found)).socket;
  const running = await askSandboxes(host, found, socket, options.handler, force);
  const [first] = running;
  if (first !== undefined && !force) {
    const what = `${running.length} sandboxed pods run, such as ${first.namespace}/${first.name}`;
    throw nodeError("KF_NODE_IN_USE", options.handler, what);
  }
  const notes: string[] = [];
  const heir = await bequeath(host, installed, options.otherState);
  const runtimeFiles = [
    ...(heir?.keepsMain !== true ? await mainChange(host, installed.main, notes) : []),
    ...(await removals(host, installed, "runtime")),
  ];
  const programs = await removals(host, installed, "program");
  const isNeeded = running.length > 0;
  const staying = isNeeded ? programs.map(({ path }) => path) : [];
  return { installed, found, socket, running, runtimeFiles, heir, programs: isNeeded ? [] : programs, staying, notes };
}

/** Those whose shims need what is to go. One that has ended, and that the kubelet has not removed yet, has none. */
async function askSandboxes(
  host: Host,
  found: FoundRuntime,
  socket: string,
  handler: string,
  force: boolean,
): Promise<ListedSandbox[]> {
  // A runtime that is not there any more runs nothing.
  if (found.process === undefined && !(await host.exists(socket))) return [];
  try {
    const place = host.target(socket);
    const [sandboxes, inUse] = await Promise.all([listSandboxes(place), sandboxesInUse(place)]);
    return sandboxes.filter((one) => one.handler === handler && (one.isReady || inUse.has(one.id)));
  } catch (cause) {
    if (force) return [{ id: "", name: "unknown", namespace: "", isReady: true, handler }];
    throw nodeError("KF_NODE_IN_USE", socket, `the runtime does not say which pods run: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** What we put there goes; what others had there comes back. */
async function removals(host: Host, installed: Installed, part: InstalledFile["part"]): Promise<Change[]> {
  const backOf = new Map(installed.replaced.filter((file) => file.part === part).map((file) => [file.path, file]));
  const paths = new Set([
    ...installed.files.filter((file) => file.part === part).map(({ path }) => path),
    ...backOf.keys(),
  ]);
  for (const folder of new Set([...paths].map((path) => dirname(path)))) {
    // Manifests by digest are never rewritten, so whatever of them is there is ours.
    const stored = join(folder, byDigestFolder);
    for (const name of await host.list(stored)) paths.add(join(stored, name));
    if (basename(folder) !== "profiles") continue;
    // What the plugin's init container puts there besides.
    for (const path of await ownProfilesIn(host, folder)) paths.add(path);
    for (const path of await shimsIn(host, dirname(folder))) paths.add(path);
  }
  const changes: Change[] = [];
  for (const path of paths) {
    const back = backOf.get(path);
    if (back === undefined) {
      if (await host.exists(path)) changes.push({ path, content: undefined, owner: owned(0o644) });
      continue;
    }
    const content = await host.read(back.backup);
    if (content === undefined) throw nodeError("KF_NODE_STATE", back.backup, `the copy of ${path} is missing`);
    changes.push({ path, content, owner: back, enforce: true });
  }
  return changes;
}

/** The operator's own profiles, and their list. One that was replaced since is somebody else's. */
async function ownProfilesIn(host: Host, folder: string): Promise<string[]> {
  const list = join(folder, ownProfilesList);
  const text = await host.readText(list);
  if (text === undefined) return [];
  const paths = [list];
  for (const { file, digest } of parseOwnProfiles(text)) {
    const content = await host.read(join(folder, file));
    if (content !== undefined && sha256(content) === digest) paths.push(join(folder, file));
  }
  return paths;
}

/** The PATH shims of a launcher's directory. */
async function shimsIn(host: Host, folder: string): Promise<string[]> {
  const names = SHIM_NAMES.map((name) => join(folder, name));
  const targets = await Promise.all(names.map((path) => readlink(host.path(path)).catch(() => undefined)));
  const shims = dirname(join(folder, SHIM_TARGET));
  return [
    ...names.filter((_, index) => targets[index] === SHIM_TARGET),
    ...(await host.list(shims)).map((name) => join(shims, name)),
  ];
}

/** The main file as it was; or, when others have changed it since, without our part. */
async function mainChange(host: Host, main: EditedMain | undefined, notes: string[]): Promise<Change[]> {
  const current = main && (await host.readText(main.path));
  if (main === undefined || current === undefined) return [];
  const { path, pattern, insertion, after } = main;
  if (insertion === undefined) {
    if (sha256(Buffer.from(current)) === after) return [{ path, content: undefined, owner: owned(0o644) }];
    notes.push(
      `${path} was made by install and has been changed since, so it stays; its import of ${pattern} loads nothing now`,
    );
    return [];
  }
  try {
    const text = takeOut(current, "imports", pattern, insertion);
    if (text !== undefined) return [{ path, content: Buffer.from(text), owner: owned(0o644) }];
    if (!importPatterns(current, path).includes(pattern)) return [];
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    throw nodeError("KF_NODE_CHANGED", path, cause.message, {
      action: `take ${pattern} out of its imports by hand`,
      cause,
    });
  }
  const what = `its imports name ${pattern}, written otherwise than by install`;
  throw nodeError("KF_NODE_CHANGED", path, what, { action: "take it out by hand, and run the command again" });
}

/** Carries the plan out. Says what was done, one line each. @throws {NodeError} after everything is as it was before */
export async function uninstall(host: Host, plan: UninstallPlan, options: UninstallOptions): Promise<string[]> {
  const { installed, found, socket, runtimeFiles, heir, programs, staying } = plan;
  const mustRestart = runtimeFiles.length > 0 && found.process !== undefined;
  const restart = mustRestart ? chooseRestart(found, options) : () => Promise.resolve();
  const { operation, stateDirectory, backTimeoutMs } = options;
  const done: string[] = [];
  await changeNode(host, { operation, stateDirectory, socket, restart, backTimeoutMs }, async (transaction) => {
    const { selfTestNote } = installed;
    if (selfTestNote !== undefined) await transaction.apply([await withRemovalNote(host, selfTestNote)]);
    await transaction.apply(heir === undefined ? runtimeFiles : [...runtimeFiles, heir.notes]);
    if (found.kind === "containerd") await dumpNow(host, found);
    if (mustRestart) {
      await transaction.noteRestart();
      await restart(host);
      // The original's own handler may be of the same name, and is back then.
      await untilBack(host, socket, () => true, options.backTimeoutMs);
      done.push(`restarted ${found.kind}`);
    }
    await transaction.apply(programs);
    if (staying.length > 0) await transaction.apply([noteStaying(options, plan)]);
  });
  if (staying.length === 0) await removeState(host, installed, options);
  const lines = [...runtimeFiles, ...programs].map(
    ({ path, content }) => `${content === undefined ? "remove" : "restore"} ${path}`,
  );
  return [...lines, ...done, ...staying.map((path) => `leave ${path} until the last sandboxed pod is gone`)];
}

/** The rest is for a later run. */
function noteStaying({ stateDirectory }: UninstallOptions, { installed, staying }: UninstallPlan): Change {
  const rest: Installed = {
    ...installed,
    main: undefined,
    files: installed.files.filter(({ path }) => staying.includes(path)),
    replaced: installed.replaced.filter(({ path }) => staying.includes(path)),
  };
  const content = Buffer.from(`${JSON.stringify(rest, null, 1)}\n`);
  return { path: join(stateDirectory, installedName), content, owner: owned(0o600) };
}

async function removeState(host: Host, installed: Installed, { stateDirectory }: UninstallOptions): Promise<void> {
  await rm(host.path(join(stateDirectory, "backups")), { recursive: true, force: true });
  await rm(host.path(join(stateDirectory, installedName)), { force: true });
  for (const [folder, mode] of Object.entries(installed.modes))
    await chmod(host.path(folder), mode).catch(() => undefined);
  // Only what is empty goes: what others put there meanwhile is theirs. The kubelet may have made them for the plugin's pod.
  const folders = new Set([...installed.folders, ...installed.files.flatMap(foldersOf)]);
  for (const folder of [...folders].toSorted().toReversed()) await rmdir(host.path(folder)).catch(() => undefined);
  await rmdir(host.path(stateDirectory)).catch(() => undefined);
}

/** Folders that are there for a program's or a profile's sake alone, outermost first. */
function foldersOf({ path, part }: InstalledFile): string[] {
  const folder = dirname(path);
  if (part !== "program" || programFolders.includes(folder)) return [];
  const parent = basename(dirname(folder)) === "kubefence" ? [dirname(folder)] : [];
  return [...parent, folder, join(folder, byDigestFolder), dirname(join(folder, SHIM_TARGET))];
}
