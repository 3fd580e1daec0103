/** kubefence node kata check */
import { Host } from "../host/host.ts";
import { installedRows, kataRows, rowsOfHandler } from "../host/kata/check.ts";
import { findKata } from "../host/kata/find.ts";
import { planKata } from "../host/kata/plan.ts";
import { readInstalledState } from "../host/state.ts";
import { formatCheck, reportOf } from "../node/check.ts";
import { NodeError, nodeError } from "../node/errors.ts";
import { kataHandlerName } from "../node/kata/settings.ts";
import { type KataFlags, toKataOptions } from "./node-kata-options.ts";
import type { Output } from "./output.ts";

/** Says for each thing that sandboxed pods in virtual machines need whether the node, and the handler, has it. Reads only. */
export async function checkKata(flags: KataFlags & { readonly handler?: string }): Promise<Output> {
  const [host, options] = [new Host(flags.root), toKataOptions(flags)];
  const handler = flags.handler ?? kataHandlerName;
  const found = await findKata(host, options);
  const installed = await readInstalledState(host, options.stateDirectory);
  const rows = await kataRows(host, found);
  if (handler === kataHandlerName) rows.push(...(await installedRows(host, await planned(host, flags), installed)));
  rows.push(...(await rowsOfHandler(host, found, handler, installed)));
  const { ready } = reportOf(rows, undefined);
  const stdout = flags.json
    ? `${JSON.stringify({ ready, handler, rows }, null, 2)}\n`
    : formatCheck({ ready, rows, labels: {} });
  const bad = rows.filter(({ state }) => state === "bad").map(({ name }) => name);
  const failures = ready ? [] : [nodeError("KF_NODE_NOT_READY", handler, `bad: ${bad.join(", ")}`)];
  return { stdout, failures };
}

/** What install would do if it were asked for the same again. */
async function planned(host: Host, flags: KataFlags): Promise<Awaited<ReturnType<typeof planKata>> | Error> {
  const options = toKataOptions(flags);
  const installed = await readInstalledState(host, options.stateDirectory);
  const ofSuffix = (suffix: string): string | undefined => {
    const path = installed?.files.find((file) => file.path.endsWith(suffix))?.path;
    return path && host.path(path);
  };
  const settings = installed?.kata ?? options.settings;
  const known = { ...options, settings, kernel: ofSuffix(".container"), image: ofSuffix(".image") };
  return planKata(host, known).catch((error: unknown) => {
    if (error instanceof NodeError) return error;
    throw error;
  });
}
