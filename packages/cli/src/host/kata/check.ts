/** Rows of node kata check. Reads only. */
import { lstat } from "node:fs/promises";
import type { CheckRow } from "../../node/check.ts";
import { type EffectiveConfiguration, textAt } from "../../node/containerd/effective.ts";
import { readKata } from "../../node/kata/configuration.ts";
import { crioHandlers, readCrioTable } from "../../node/kata/crio.ts";
import { type KataHandler, readContainerdTable } from "../../node/kata/handler.ts";
import { handlerRows } from "../../node/kata/lacks.ts";
import { kataHandlerName } from "../../node/kata/settings.ts";
import type { TomlTable } from "../../node/toml/parse.ts";
import { dumpNow } from "../containerd.ts";
import { readCrioFiles } from "../crio-plan.ts";
import { loadedRow } from "../check-runtime.ts";
import type { Host } from "../host.ts";
import { crioSocket } from "../runtime.ts";
import type { Installed } from "../state.ts";
import { findConfiguration, type FoundKata, readKataFiles } from "./find.ts";
import { isThere } from "./guest-files.ts";
import type { KataPlan } from "./plan.ts";

const mend = "run kubefence node kata install";

/** Kata itself, and what a virtual machine needs of the node. */
export async function kataRows(
  host: Host,
  { version, base, configuration, handler, kernel }: FoundKata,
): Promise<CheckRow[]> {
  const runtime = configuration.runtime === "rust" ? "Rust" : "Go";
  return [
    {
      name: "Kata",
      state: "ok",
      value: `${version ?? "version not known"}, ${runtime} runtime, handler ${handler.name}, ${base.main.path}`,
    },
    { name: "Kata's guest kernel", state: "ok", value: `Landlock ${kernel.landlock}: ${kernel.because}` },
    await deviceRow(host, "/dev/kvm", "load kvm_intel or kvm_amd, and have virtualisation enabled"),
    await deviceRow(host, "/dev/vhost-vsock", "load vhost_vsock: without it Kata cannot talk to its guests"),
  ];
}

async function deviceRow(host: Host, path: string, fix: string): Promise<CheckRow> {
  const isDevice = await lstat(host.path(path)).then(
    (status) => status.isCharacterDevice(),
    () => false,
  );
  return isDevice ? { name: path, state: "ok", value: "there" } : { name: path, state: "bad", value: "not there", fix };
}

/** Whether what install would do is done; after an upgrade of Kata it is not. */
export async function installedRows(
  host: Host,
  plan: KataPlan | Error,
  installed: Installed | undefined,
): Promise<CheckRow[]> {
  const rows: CheckRow[] = [];
  if (installed === undefined) rows.push({ name: "set-up", state: "bad", value: "nothing is installed", fix: mend });
  else if (plan instanceof Error) rows.push({ name: "set-up", state: "bad", value: plan.message, fix: mend });
  else {
    const { files, restart } = plan.shown;
    const value = files.length === 0 ? "as installed" : `out of date: ${files.map(({ path }) => path).join(", ")}`;
    const isRight = files.length === 0 && !restart;
    rows.push({
      name: "set-up",
      state: isRight ? "ok" : "bad",
      value: isRight ? value : restart && files.length === 0 ? "not loaded" : value,
      fix: isRight ? undefined : mend,
    });
  }
  for (const { path, digest } of (installed?.files ?? []).filter((file) => !file.path.endsWith(".toml"))) {
    const isRight = await isThere(host, { path, sha256: digest });
    const value = `${path} sha256:${digest.slice(0, 12)}`;
    rows.push({
      name: "guest file",
      state: isRight ? "ok" : "bad",
      value: isRight ? value : `${path} is not what install put there`,
      fix: isRight ? undefined : mend,
    });
  }
  return rows;
}

/** Rows about one handler: whether the runtime has it, and what it lacks. @throws {NodeError} KF_KATA_MISSING, KF_KATA_CONFIG */
export async function rowsOfHandler(
  host: Host,
  found: FoundKata,
  name: string,
  installed: Installed | undefined,
): Promise<CheckRow[]> {
  const { tables, socket, read } = await handlersNow(host, found);
  const table = tables.get(name);
  if (table === undefined) {
    const fix = name === kataHandlerName ? mend : "name one that the container runtime has";
    return [{ name: "handler, configured", state: "bad", value: `no ${name}`, fix }];
  }
  const { configuration: named } = read(table);
  const files = await readKataFiles(host, await findConfiguration(host, named));
  const configuration = readKata(files);
  const ours = new Set((installed?.files ?? []).map(({ path }) => path));
  const isOwnKernel = ours.has(textAt(configuration.hypervisor, "kernel"));
  return [
    { name: "handler, configured", state: "ok", value: `${name}: ${files.main.path}` },
    await loadedRow(host, socket, name, "restart the container runtime"),
    ...handlerRows({
      name,
      table,
      configuration,
      kernel: isOwnKernel ? undefined : found.kernel,
      hasPolicy: ours.has(textAt(configuration.hypervisor, "image")),
      listsAnnotations: found.runtime.kind === "containerd",
    }),
  ];
}

interface Handlers {
  readonly tables: ReadonlyMap<string, TomlTable>;
  readonly socket: string;
  readonly read: (table: TomlTable) => Pick<KataHandler, "shim" | "configuration">;
}

async function handlersNow(host: Host, { runtime }: FoundKata): Promise<Handlers> {
  if (runtime.kind === "crio") {
    return { tables: crioHandlers(await readCrioFiles(host, runtime)), socket: crioSocket, read: readCrioTable };
  }
  const effective: EffectiveConfiguration = await dumpNow(host, runtime);
  return { tables: effective.handlers, socket: effective.socket, read: readContainerdTable };
}
