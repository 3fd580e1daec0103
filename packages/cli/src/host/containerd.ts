/** A node's containerd: its files, and what its own parser makes of them with and without our drop-in. Changes nothing that lasts. */
import { lstat, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type EffectiveConfiguration, readDump } from "../node/containerd/effective.ts";
import { importPatterns } from "../node/containerd/imports.ts";
import { candidateMain, type ContainerdFiles, type ContainerdProposal } from "../node/containerd/propose.ts";
import { nodeError } from "../node/errors.ts";
import { TomlError } from "../node/toml/parse.ts";
import { type Host } from "./host.ts";
import type { FoundRuntime } from "./runtime.ts";

/** Reads the main file and lists the folders of its imports. @throws {NodeError} KF_NODE_TOML, KF_NODE_READ, KF_NODE_BY_HAND */
export async function readContainerdFiles(host: Host, { mainFile }: FoundRuntime): Promise<ContainerdFiles> {
  if (await host.isLink(mainFile)) {
    const action = "say with --config where the file really is, if it may be edited there";
    throw nodeError("KF_NODE_BY_HAND", mainFile, "it is a symbolic link", { action });
  }
  const mainText = await host.readText(mainFile);
  const folders = new Set([join(dirname(mainFile), "conf.d")]);
  try {
    for (const pattern of mainText === undefined ? [] : importPatterns(mainText, mainFile))
      folders.add(dirname(pattern));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw nodeError("KF_NODE_TOML", mainFile, error.message, { action: whatToCorrect(error), cause: error });
  }
  const lists = await Promise.all(
    [...folders].map(async (folder) => (await host.list(folder)).map((name) => join(folder, name))),
  );
  return { mainFile, mainText, present: lists.flat() };
}

function whatToCorrect(error: TomlError): string {
  return /multiple times|already|redefine|duplicate/i.test(error.message)
    ? "the key or table stands in the file twice, perhaps once in double and once in single quotes, as the set-up of the original Kubefence appended them; remove the later one"
    : "correct it; containerd would not start with it either";
}

/** What containerd has without our drop-in. `ours` is the drop-in's path. */
export function dumpWithout(
  host: Host,
  found: FoundRuntime,
  files: ContainerdFiles,
  ours: string,
): Promise<EffectiveConfiguration> {
  return dump(host, found, async () => {
    return files.mainText === undefined ? undefined : candidateMain(files, files.mainText, ours, undefined);
  });
}

/** What containerd would have with the proposal. */
export function dumpWith(
  host: Host,
  found: FoundRuntime,
  files: ContainerdFiles,
  { dropIn, main }: ContainerdProposal,
): Promise<EffectiveConfiguration> {
  return dump(host, found, async (folder) => {
    const path = join(folder, "drop-in.toml");
    await writeFile(host.path(path), dropIn.text, { mode: 0o600 });
    return candidateMain(files, main?.text ?? files.mainText ?? "", dropIn.path, path);
  });
}

/** What containerd has now, all its files together. */
export function dumpNow(host: Host, found: FoundRuntime): Promise<EffectiveConfiguration> {
  return runDump(host, found, found.mainFile);
}

const candidatePrefix = "kubefence-candidate-";
/** No dump takes that long, so whoever made an older one was killed. */
const staleAfterMs = 10 * 60_000;

/** Removes what killed runs left for the parser to read. */
export async function removeStaleCandidates(host: Host): Promise<void> {
  for (const name of await host.list("/run")) {
    const folder = host.path(join("/run", name));
    if (!name.startsWith(candidatePrefix)) continue;
    const status = await lstat(folder).catch(() => undefined);
    if (status !== undefined && Date.now() - status.mtimeMs > staleAfterMs) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function dump(
  host: Host,
  found: FoundRuntime,
  writeMain: (folder: string) => Promise<string | undefined>,
): Promise<EffectiveConfiguration> {
  // On a file system of the node: containerd may run in the node's mount namespace.
  const folder = await mkdtemp(host.path(`/run/${candidatePrefix}`));
  try {
    const onNode = host.root === "/" ? folder : folder.slice(host.root.replace(/\/$/, "").length);
    const text = await writeMain(onNode);
    const main = join(onNode, "config.toml");
    if (text !== undefined) await writeFile(host.path(main), text, { mode: 0o600 });
    return await runDump(host, found, main);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runDump(host: Host, found: FoundRuntime, main: string): Promise<EffectiveConfiguration> {
  const { code, stdout, stderr } = await host.run(found.program, ["--config", main, "config", "dump"]);
  if (code !== 0) {
    const reason = stderr.trim().split("\n").at(-1) ?? "";
    throw nodeError("KF_NODE_RUNTIME_REFUSES", found.mainFile, reason);
  }
  return readDump(stdout);
}
