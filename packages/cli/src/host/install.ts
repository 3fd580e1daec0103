/** Carries an install plan out: programs, nono-runc's configuration, the runtime's, its restart; or nothing of it. */
import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RuntimeConfigError } from "../errors.ts";
import { NodeError, nodeError } from "../node/errors.ts";
import { handlerName } from "../node/settings.ts";
import { owned } from "./durable.ts";
import { type Host } from "./host.ts";
import { type InstallPlan } from "./install-plan.ts";
import { keepBackups } from "./backups.ts";
import type { NodeOptions } from "./options.ts";
import { rollBack } from "./recover.ts";
import { composeRuntimeConfiguration } from "./runtime-configuration.ts";
import { isRefusedWithoutPlugin, selfTest, type SelfTestOptions } from "./self-test.ts";
import { chooseRestart, untilBack } from "./service.ts";
import { type EditedMain, type Installed, type InstalledFile, installedName } from "./state.ts";
import { type Change, sha256, Transaction } from "./transaction.ts";

/**
 * Installs. Says what was done, one line each.
 * @throws {NodeError} after everything is as it was before; the message says where that did not succeed
 */
export async function install(host: Host, plan: InstallPlan, options: NodeOptions, release: string): Promise<string[]> {
  const { setup, shown } = plan;
  const restart = shown.restart ? chooseRestart(setup.found, options) : () => Promise.resolve();
  const transaction = Transaction.start(host, options.stateDirectory, "install");
  const done: string[] = [];
  try {
    const replaced = await keepBackups(host, options.stateDirectory, plan);
    await putPrograms(host, transaction, plan, options);
    await transaction.apply(plan.runtimeFiles);
    await setup.verify(host);
    if (shown.restart) {
      await transaction.noteRestart();
      await restart(host);
      await untilBack(host, setup.socket, (handlers) => handlers.includes(handlerName), options.backTimeoutMs);
      done.push(`restarted ${setup.found.kind}; it has loaded the handler ${handlerName}`);
    }
    if (options.selfTest && setup.selfTest !== undefined) done.push(await proveBy(host, setup.selfTest));
    const noted = await noteInstalled(plan, options, { replaced, transaction, release, host });
    const path = join(options.stateDirectory, installedName);
    const content = Buffer.from(`${JSON.stringify(noted, null, 1)}\n`);
    await transaction.apply([{ path, content, owner: owned(0o600) }]);
    await transaction.commit();
    return [...shown.files.map(({ action, path: file }) => `${action} ${file}`), ...done];
  } catch (cause) {
    const outcome = await rollBack(host, transaction, {
      restart,
      socket: setup.socket,
      timeoutMs: options.backTimeoutMs,
    });
    if (cause instanceof RuntimeConfigError) {
      throw nodeError("KF_NODE_RELEASE", options.release, `${cause.message}; ${outcome}`, { cause });
    }
    if (!(cause instanceof NodeError)) throw cause;
    const [first, ...rest] = cause.problems.map((problem) => ({ ...problem, what: `${problem.what}; ${outcome}` }));
    throw first === undefined ? cause : new NodeError([first, ...rest], { cause });
  }
}

/** @throws {NodeError} KF_NODE_SELF_TEST */
async function proveBy(host: Host, options: SelfTestOptions): Promise<string> {
  const failure = await selfTest(host, options);
  if (failure === undefined) return `a container of ${handlerName} ran under the launcher`;
  if (isRefusedWithoutPlugin(failure))
    return "nono-runc refused a container without the launcher: the plugin is not there yet";
  throw nodeError("KF_NODE_SELF_TEST", handlerName, failure);
}

/** In an order in which every container that is created or entered meanwhile finds what belongs together. */
async function putPrograms(
  host: Host,
  transaction: Transaction,
  plan: InstallPlan,
  options: NodeOptions,
): Promise<void> {
  const { plugin, release, realRuntime, launcher } = plan;
  const configuration = `${options.settings.program}.json`;
  const compose = async (isNext: boolean): Promise<Change> => {
    const next = isNext ? { next: { sha256: sha256(release.launcher), identity: "" } } : {};
    const text = await composeRuntimeConfiguration(host, plugin, { runtime: realRuntime, log: options.log, ...next });
    return { path: configuration, content: Buffer.from(text), owner: owned(0o644), enforce: true };
  };
  await transaction.apply(plan.containerFiles);
  for (const folder of plan.closedFolders) await transaction.setMode(folder, 0o755);
  // Both launchers are accepted while one takes the place of the other, by a nono-runc that may still be the old one.
  const isUpgrade =
    launcher.length > 0 && (await host.exists(plugin.nonoBinPath)) && (await host.exists(configuration));
  if (isUpgrade) await transaction.apply([await compose(true)]);
  await transaction.apply(plan.runtimeProgram);
  await transaction.apply(launcher);
  if (plan.configureRuntime) await transaction.apply([await compose(false)]);
}

interface Done {
  readonly replaced: Installed["replaced"];
  readonly transaction: Transaction;
  readonly release: string;
  readonly host: Host;
}

async function noteInstalled(
  plan: InstallPlan,
  options: NodeOptions,
  { replaced, transaction, release, host }: Done,
): Promise<Installed> {
  const { plugin, setup, installed } = plan;
  const programs = [
    options.settings.program,
    `${options.settings.program}.json`,
    plugin.nonoBinPath,
    ...[...plan.release.profiles.keys()].map((name) => join(dirname(plugin.nonoBinPath), "profiles", `${name}.json`)),
    ...[...plan.release.filters.keys()].map((name) => join(dirname(plugin.nonoBinPath), "seccomp", name)),
  ];
  const configuration = setup.changes.filter(
    ({ content, path }) => content !== undefined && path !== setup.found.mainFile,
  );
  const files = await Promise.all([
    ...programs.map((path) => describeFile(host, path, "program")),
    ...configuration.map(({ path }) => describeFile(host, path, "runtime")),
  ]);
  return {
    version: 1,
    release,
    runtime: setup.found.kind,
    main: describeMain(plan) ?? installed?.main,
    replaced: [...(installed?.replaced ?? []), ...replaced],
    modes: { ...transaction.modes, ...installed?.modes },
    files: [...files, ...(await stillThere(host, installed, files))],
    folders: [...new Set([...(installed?.folders ?? []), ...transaction.folders])],
  };
}

/** What an earlier install put elsewhere, such as nono-runc at another path: uninstall removes it too. */
async function stillThere(
  host: Host,
  installed: Installed | undefined,
  files: readonly InstalledFile[],
): Promise<InstalledFile[]> {
  const known = new Set(files.map(({ path }) => path));
  const others = (installed?.files ?? []).filter(({ path }) => !known.has(path));
  const isThere = await Promise.all(others.map(({ path }) => host.exists(path)));
  return others.filter((_, index) => isThere[index]);
}

async function describeFile(host: Host, path: string, part: InstalledFile["part"]): Promise<InstalledFile> {
  const content = await host.read(path);
  if (content === undefined) throw nodeError("KF_NODE_WRITE", path, "it is not there after it was written");
  const { mode } = await lstat(host.path(path));
  return { path, part, digest: sha256(content), mode: mode & 0o7777 };
}

function describeMain({ setup }: InstallPlan): EditedMain | undefined {
  const { main, mainBefore, found } = setup;
  if (main === undefined) return undefined;
  return {
    path: found.mainFile,
    pattern: main.pattern,
    insertion: main.insertion,
    before: mainBefore === undefined ? null : sha256(Buffer.from(mainBefore)),
    after: sha256(Buffer.from(main.text)),
  };
}
