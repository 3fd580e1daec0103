/** The list of what is installed, with digests: what install notes at its end, and whether what it noted is still so. */
import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nodeError } from "../node/errors.ts";
import type { PluginConfiguration } from "../runtime/compose.ts";
import { type Host } from "./host.ts";
import type { NodeOptions } from "./options.ts";
import type { Release } from "./release.ts";
import { selfTestNotePath } from "./self-test-note.ts";
import type { RuntimeSetup } from "./setup.ts";
import type { EditedMain, Installed, InstalledFile } from "./state.ts";
import { sha256, type Transaction } from "./transaction.ts";

/** What is to be on the node. */
export interface Wanted {
  readonly plugin: PluginConfiguration;
  readonly release: Release;
  readonly setup: RuntimeSetup;
  readonly installed: Installed | undefined;
}

/** Paths of all that install answers for, with the digest that it should have; undefined for what is made on the node. */
function listWanted(
  { plugin, release, setup }: Wanted,
  { settings }: NodeOptions,
): { path: string; part: InstalledFile["part"]; digest: string | undefined }[] {
  const folder = dirname(plugin.nonoBinPath);
  const programs: [string, Uint8Array | undefined][] = [
    [settings.program, release.runtime],
    [`${settings.program}.json`, undefined],
    [plugin.nonoBinPath, release.launcher],
    ...[...release.profiles].map(([name, text]): [string, Uint8Array] => [
      join(folder, "profiles", `${name}.json`),
      Buffer.from(text),
    ]),
    ...[...release.filters].map(([name, bytes]): [string, Uint8Array] => [join(folder, "seccomp", name), bytes]),
  ];
  const configuration = setup.changes.filter(
    ({ content, path }) => content !== undefined && path !== setup.found.mainFile,
  );
  return [
    ...programs.map(([path, content]) => ({ path, part: "program" as const, digest: content && sha256(content) })),
    ...configuration.map(({ path, content }) => ({
      path,
      part: "runtime" as const,
      digest: content && sha256(content),
    })),
  ];
}

/** True where the list says of every file what is to be there; others may have brought the same files without it. */
export async function isListed(host: Host, wanted: Wanted, options: NodeOptions, version: string): Promise<boolean> {
  const { installed } = wanted;
  if (installed?.release !== version) return false;
  for (const { path, digest } of listWanted(wanted, options)) {
    const noted = installed.files.find((file) => file.path === path)?.digest;
    const content = digest === undefined ? await host.read(path) : undefined;
    if (noted !== (digest ?? (content && sha256(content)))) return false;
  }
  return true;
}

export interface Done {
  readonly replaced: Installed["replaced"];
  readonly transaction: Transaction;
  readonly version: string;
  readonly host: Host;
}

/** The list after an install. @throws {NodeError} KF_NODE_WRITE for a file that is not there */
export async function noteInstalled(
  wanted: Wanted,
  options: NodeOptions,
  { replaced, transaction, version, host }: Done,
): Promise<Installed> {
  const { setup, installed } = wanted;
  const files = await Promise.all(listWanted(wanted, options).map(({ path, part }) => describeFile(host, path, part)));
  return {
    version: 1,
    release: version,
    runtime: setup.found.kind,
    main: describeMain(setup) ?? installed?.main,
    replaced: [...(installed?.replaced ?? []), ...replaced],
    modes: { ...transaction.modes, ...installed?.modes },
    files: [...files, ...(await stillThere(host, installed, files))],
    folders: [...new Set([...(installed?.folders ?? []), ...transaction.folders])],
    selfTestNote: selfTestNotePath(wanted.plugin),
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

/** How the main file was edited; undefined where it was not. */
export function describeMain({ main, mainBefore, found }: RuntimeSetup): EditedMain | undefined {
  if (main === undefined) return undefined;
  return {
    path: found.mainFile,
    pattern: main.pattern,
    insertion: main.insertion,
    before: mainBefore === undefined ? null : sha256(Buffer.from(mainBefore)),
    after: sha256(Buffer.from(main.text)),
  };
}
