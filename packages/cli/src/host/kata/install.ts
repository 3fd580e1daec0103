/** Carries a Kata plan out: kernel and image, our QEMU configuration, the runtime's drop-in, its restart; or nothing of it. */
import { lstat, mkdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nodeError } from "../../node/errors.ts";
import { kataHandlerName } from "../../node/kata/settings.ts";
import { keepBackups } from "../backups.ts";
import { changeNode } from "../change.ts";
import { owned } from "../../files/durable.ts";
import type { Host } from "../host.ts";
import { describeMain } from "../installed-list.ts";
import { chooseRestart, untilBack } from "../service.ts";
import { type Installed, type InstalledFile, installedName } from "../state.ts";
import { sha256, type Transaction } from "../transaction.ts";
import { placeGuestFile } from "./guest-files.ts";
import type { KataOptions } from "./options.ts";
import type { KataPlan } from "./plan.ts";
import { messageOf } from "../../thrown.ts";

/**
 * Installs. Says what was done, one line each.
 * @throws {NodeError} after everything is as it was before; the message says where that did not succeed
 */
export async function installKata(
  host: Host,
  plan: KataPlan,
  options: KataOptions,
  release: string,
): Promise<string[]> {
  const { setup, shown, missing } = plan;
  const restart = shown.restart ? chooseRestart(setup.found, options) : () => Promise.resolve();
  const { stateDirectory, backTimeoutMs } = options;
  const undertaking = { operation: "kata install", stateDirectory, socket: setup.socket, restart, backTimeoutMs };
  const folders = await makeShareDirectory(host, options.settings.shareDirectory, plan);
  try {
    for (const source of missing) await placeGuestFile(host, source);
    return await changeNode(host, undertaking, async (transaction) => {
      const replaced = await configure(host, plan, options, transaction);
      if (shown.restart) await restartWith(host, plan, options, { transaction, restart });
      // Only now does nothing name them any more.
      await transaction.apply(plan.stale);
      const done = { release, replaced, transaction, folders, settings: options.settings };
      const content = Buffer.from(`${JSON.stringify(await noteInstalled(host, plan, done), null, 1)}\n`);
      await transaction.apply([{ path: join(stateDirectory, installedName), content, owner: owned(0o600) }]);
      const restarted = `restarted ${setup.found.kind}; it has loaded the handler ${kataHandlerName}`;
      return [...shown.files.map(({ action, path }) => `${action} ${path}`), ...(shown.restart ? [restarted] : [])];
    });
  } catch (error) {
    // Nothing names them.
    for (const { path } of missing) await rm(host.path(path), { force: true });
    for (const folder of folders.toReversed()) await rmdir(host.path(folder)).catch(() => undefined);
    throw error;
  }
}

/** Our QEMU configuration, then the handler that names it, held against what the runtime's parser makes of it. */
async function configure(
  host: Host,
  { configurationChanges, runtimeFiles, setup, installed }: KataPlan,
  { stateDirectory }: KataOptions,
  transaction: Transaction,
): Promise<Installed["replaced"]> {
  const replaced = await keepBackups(host, stateDirectory, {
    programs: configurationChanges.map(({ path }) => path),
    runtimeFiles: runtimeFiles.map(({ path }) => path),
    mainFile: setup.found.mainFile,
    installed,
  });
  await transaction.apply(configurationChanges);
  await transaction.apply(runtimeFiles);
  await setup.verify(host);
  return replaced;
}

async function restartWith(
  host: Host,
  { setup }: KataPlan,
  { backTimeoutMs }: KataOptions,
  { transaction, restart }: { transaction: Transaction; restart: (host: Host) => Promise<void> },
): Promise<void> {
  await transaction.noteRestart();
  await restart(host);
  await untilBack(host, setup.socket, (handlers) => handlers.includes(kataHandlerName), backTimeoutMs);
}

/** Makes the folder of kernel and image where it is missing; resolves to the folders that were made, outermost first. */
async function makeShareDirectory(host: Host, folder: string, { missing }: KataPlan): Promise<string[]> {
  const made: string[] = [];
  if (missing.length === 0) return made;
  for (let place = folder; !(await host.exists(place)); place = dirname(place)) made.unshift(place);
  try {
    await mkdir(host.path(folder), { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw nodeError("KF_NODE_WRITE", folder, messageOf(cause), { cause });
  }
  return made;
}

interface Done {
  readonly release: string;
  readonly replaced: Installed["replaced"];
  readonly transaction: Transaction;
  readonly folders: readonly string[];
  readonly settings: KataOptions["settings"];
}

async function noteInstalled(
  host: Host,
  { installed, setup, guest, configuration }: KataPlan,
  { release, replaced, transaction, folders, settings }: Done,
): Promise<Installed> {
  const dropIns = setup.changes.filter(({ content, path }) => content !== undefined && path !== setup.found.mainFile);
  const sources = [guest.kernel, guest.image].filter((source) => source !== undefined);
  return {
    version: 1,
    release,
    runtime: setup.found.kind,
    main: describeMain(setup) ?? installed?.main,
    replaced: [...(installed?.replaced ?? []), ...replaced],
    modes: { ...transaction.modes, ...installed?.modes },
    files: await Promise.all([
      ...sources.map((source) => describe(host, source.path, "program", source.sha256)),
      ...configuration.map(({ path, content }) => describe(host, path, "program", sha256(content ?? Buffer.of()))),
      ...dropIns.map(({ path, content }) => describe(host, path, "runtime", sha256(content ?? Buffer.of()))),
    ]),
    folders: [...new Set([...(installed?.folders ?? []), ...folders, ...transaction.folders])],
    kata: settings,
  };
}

async function describe(host: Host, path: string, part: InstalledFile["part"], digest: string): Promise<InstalledFile> {
  const { mode } = await lstat(host.path(path));
  return { path, part, digest, mode: mode & 0o7777 };
}
