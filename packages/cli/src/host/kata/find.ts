/** Kata on a node: its handler, its configuration, its version, its guest kernel. Reads only. */
import { readlink } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { judgeStockKernel, type KernelVerdict } from "../../kata/kernel.ts";
import { textAt } from "../../node/containerd/effective.ts";
import { dropInPath } from "../../node/containerd/propose.ts";
import { nodeError } from "../../node/errors.ts";
import { type KataConfiguration, type KataFiles, readKata } from "../../node/kata/configuration.ts";
import { crioHandlers, readCrioTable } from "../../node/kata/crio.ts";
import { parseKataVersion } from "../../node/kata/guest.ts";
import { findKataHandler, type KataHandler, missingKata, readContainerdTable } from "../../node/kata/handler.ts";
import { kataDropInName, usualConfigurations } from "../../node/kata/settings.ts";
import { dumpWithout, readContainerdFiles } from "../containerd.ts";
import { readCrioFiles } from "../crio-plan.ts";
import type { Host } from "../host.ts";
import { findProgram, findRuntime, type FoundRuntime } from "../runtime.ts";
import type { KataOptions } from "./options.ts";

export interface FoundKata {
  readonly runtime: FoundRuntime;
  readonly handler: KataHandler;
  /** Kata's own configuration, without ours. */
  readonly base: KataFiles;
  readonly configuration: KataConfiguration;
  readonly version: string | undefined;
  /** Of Kata's own guest kernel. */
  readonly kernel: KernelVerdict;
}

/** @throws {NodeError} KF_KATA_MISSING, KF_KATA_CONFIG, and what finding the container runtime throws */
export async function findKata(host: Host, { choice, settings }: KataOptions): Promise<FoundKata> {
  const runtime = await findRuntime(host, choice);
  const handler = await findHandler(host, runtime, settings.qemuConfig);
  if (handler === undefined) throw missingKata(runtime.mainFile);
  const path = await findConfiguration(host, settings.qemuConfig ?? handler.configuration);
  const base = await readKataFiles(host, path);
  const configuration = readKata(base);
  const version = await versionOf(host, handler);
  return { runtime, handler, base, configuration, version, kernel: await judgeKernel(host, configuration, version) };
}

async function findHandler(
  host: Host,
  runtime: FoundRuntime,
  qemuConfig: string | undefined,
): Promise<KataHandler | undefined> {
  if (runtime.kind === "crio") {
    return findKataHandler(crioHandlers(await readCrioFiles(host, runtime)), qemuConfig, readCrioTable);
  }
  const files = await readContainerdFiles(host, runtime);
  const { handlers } = await dumpWithout(host, runtime, files, dropInPath(files, kataDropInName));
  return findKataHandler(handlers, qemuConfig, readContainerdTable);
}

/** Kata's QEMU configuration: the one that is named, else the first of the usual places. @throws {NodeError} KF_KATA_MISSING */
export async function findConfiguration(host: Host, named: string | undefined): Promise<string> {
  const places = named === undefined ? usualConfigurations : [named];
  for (const place of places) if (await host.exists(place)) return place;
  throw nodeError("KF_KATA_MISSING", places[0] ?? "", "Kata's QEMU configuration is not there");
}

/** A configuration with its drop-ins, which Kata looks for beside the file that links lead to. */
export async function readKataFiles(host: Host, path: string): Promise<KataFiles> {
  const real = await follow(host, path);
  const text = await host.readText(real);
  if (text === undefined) throw nodeError("KF_KATA_MISSING", real, "Kata's QEMU configuration is not there");
  const folder = join(dirname(real), "config.d");
  const names = (await host.list(folder)).toSorted();
  const dropIns = await Promise.all(
    names.map(async (name) => ({ path: join(folder, name), text: (await host.readText(join(folder, name))) ?? "" })),
  );
  return { main: { path: real, text }, dropIns };
}

const maxLinks = 10;

/** Where a path on the node leads: links are the node's, whatever its root is called here. */
async function follow(host: Host, path: string): Promise<string> {
  let place = path;
  for (let count = 0; count < maxLinks && (await host.isLink(place)); count += 1) {
    const target = await readlink(host.path(place));
    place = isAbsolute(target) ? target : join(dirname(place), target);
  }
  return place;
}

async function versionOf(host: Host, { shim, table }: KataHandler): Promise<string | undefined> {
  const program = shim ?? (await findShim(host, textAt(table, "runtime_type")));
  if (program === undefined || !(await host.exists(program))) return undefined;
  const { stdout, stderr } = await host.run(program, ["--version"], 10_000);
  return parseKataVersion(`${stdout}\n${stderr}`);
}

/** containerd finds the shim of `io.containerd.kata.v2` as containerd-shim-kata-v2 on its PATH. */
function findShim(host: Host, runtimeType: string): Promise<string | undefined> {
  const [version = "", name = ""] = runtimeType.split(".").toReversed();
  return findProgram(host, `containerd-shim-${name}-${version}`, ["/usr/local/bin", "/usr/bin", "/opt/kata/bin"]);
}

/** By the configuration that Kata installs beside its kernel: vmlinux-6.18.15-186 and config-6.18.15-186. */
async function judgeKernel(
  host: Host,
  { hypervisor }: KataConfiguration,
  kataVersion: string | undefined,
): Promise<KernelVerdict> {
  const named = textAt(hypervisor, "kernel");
  const kernel = named === "" ? "" : await follow(host, named);
  const beside = join(dirname(kernel), basename(kernel).replace(/^vmlinu[xz]-/, "config-"));
  const configText = kernel === "" || beside === kernel ? undefined : await host.readText(beside);
  return judgeStockKernel({ kataVersion, configText });
}
