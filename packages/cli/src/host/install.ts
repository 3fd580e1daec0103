/** Carries an install plan out: programs, nono-runc's configuration, the runtime's, its restart; or nothing of it. */
import { join } from "node:path";
import { RuntimeConfigError } from "../errors.ts";
import { nodeError } from "../node/errors.ts";
import { handlerName } from "../node/settings.ts";
import { composeRuntimeConfiguration } from "../runtime/compose.ts";
import { owned } from "../files/durable.ts";
import { changeNode } from "./change.ts";
import { type Host } from "./host.ts";
import { type InstallPlan } from "./install-plan.ts";
import { noteInstalled } from "./installed-list.ts";
import { keepBackups } from "./backups.ts";
import type { NodeOptions } from "./options.ts";
import { isRefusedWithoutPlugin, selfTest, type SelfTestOptions } from "./self-test.ts";
import { selfTestNotePath, withoutSelfTestNote, withSelfTestNote } from "./self-test-note.ts";
import { chooseRestart, untilBack } from "./service.ts";
import { installedName } from "./state.ts";
import { type Change, sha256, type Transaction } from "./transaction.ts";

/**
 * Installs. Says what was done, one line each.
 * @throws {NodeError} after everything is as it was before; the message says where that did not succeed
 */
export async function install(host: Host, plan: InstallPlan, options: NodeOptions, version: string): Promise<string[]> {
  const { setup, shown } = plan;
  const restart = shown.restart ? chooseRestart(setup.found, options) : () => Promise.resolve();
  const { stateDirectory, backTimeoutMs } = options;
  const undertaking = { operation: "install", stateDirectory, socket: setup.socket, restart, backTimeoutMs };
  return changeNode(host, undertaking, async (transaction) => {
    const done: string[] = [];
    const programs = [...plan.containerFiles, ...plan.runtimeProgram, ...plan.launcher];
    const replaced = await keepBackups(host, options.stateDirectory, {
      programs: programs.map(({ path: file }) => file),
      runtimeFiles: plan.runtimeFiles.map(({ path: file }) => file),
      mainFile: setup.found.mainFile,
      installed: plan.installed,
      // The plugin's init container puts most of them there, too.
      contents: new Map(programs.flatMap(({ path: file, content }) => (content ? [[file, content] as const] : []))),
    });
    const note = selfTestNotePath(plan.plugin);
    await transaction.apply([withoutSelfTestNote(note)]);
    await putPrograms(host, transaction, plan, options);
    await transaction.apply(plan.runtimeFiles);
    await setup.verify(host);
    if (shown.restart) {
      await transaction.noteRestart();
      await restart(host);
      await untilBack(host, setup.socket, (handlers) => handlers.includes(handlerName), options.backTimeoutMs);
      done.push(`restarted ${setup.found.kind}; it has loaded the handler ${handlerName}`);
    }
    if (options.selfTest && setup.selfTest !== undefined) {
      const { said, isProven } = await proveBy(host, setup.selfTest);
      done.push(said);
      if (isProven) await transaction.apply([await withSelfTestNote(note)]);
    }
    const noted = await noteInstalled(plan, options, { replaced, transaction, version, host });
    const path = join(options.stateDirectory, installedName);
    const content = Buffer.from(`${JSON.stringify(noted, null, 1)}\n`);
    await transaction.apply([{ path, content, owner: owned(0o600) }]);
    return [...shown.files.map(({ action, path: file }) => `${action} ${file}`), ...done];
  });
}

/** @throws {NodeError} KF_NODE_SELF_TEST */
async function proveBy(host: Host, options: SelfTestOptions): Promise<{ said: string; isProven: boolean }> {
  const failure = await selfTest(host, options);
  if (failure === undefined) return { said: `a container of ${handlerName} ran under the launcher`, isProven: true };
  if (isRefusedWithoutPlugin(failure)) {
    const said = "nono-runc refused a container without the launcher: the plugin is not there yet";
    return { said, isProven: false };
  }
  throw nodeError("KF_NODE_SELF_TEST", handlerName, failure);
}

/** The configuration of nono-runc is made of what is installed; where it cannot be, the release is to blame. */
async function composed(composing: Promise<string>, release: string): Promise<string> {
  return composing.catch((cause: unknown) => {
    if (!(cause instanceof RuntimeConfigError)) throw cause;
    throw nodeError("KF_NODE_RELEASE", release, cause.message, { cause });
  });
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
  const at = (path: string): string => host.path(path);
  const compose = async (isNext: boolean): Promise<Change> => {
    const next = isNext ? [{ sha256: sha256(release.launcher), identity: "" }] : [];
    const settings = { runtime: realRuntime, log: options.log, next, at };
    const text = await composed(composeRuntimeConfiguration(plugin, settings), options.release);
    return { path: configuration, content: Buffer.from(text), owner: owned(0o644), enforce: true, ours: true };
  };
  await transaction.apply(plan.containerFiles);
  for (const folder of plan.closedFolders) await transaction.setMode(folder, 0o755);
  // Both launchers are accepted while one takes the place of the other, by a nono-runc that may still be the old one.
  const isUpgrade =
    launcher.length > 0 && (await host.exists(plugin.nonoBinPath)) && (await host.exists(configuration));
  if (isUpgrade) await transaction.apply([await compose(true)]);
  await transaction.apply(plan.runtimeProgram);
  await transaction.apply(launcher);
  if (!plan.configureRuntime) return;
  // The plugin's init container may put the same launcher there at the same time, as another file.
  let written = "";
  for (;;) {
    const change = await compose(false);
    const text = String(change.content);
    if (text === written) return;
    await transaction.apply([change]);
    written = text;
  }
}
