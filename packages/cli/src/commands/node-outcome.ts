/** What the commands that change a node have in common. */
import { dumpNow } from "../host/containerd.ts";
import type { Host } from "../host/host.ts";
import type { NodeOptions } from "../host/options.ts";
import { recover } from "../host/recover.ts";
import { crioSocket, findRuntime } from "../host/runtime.ts";
import { chooseRestart, type Restart, untilBack } from "../host/service.ts";
import { NodeError, nodeError } from "../node/errors.ts";
import type { Output } from "./output.ts";

type Recovering = Pick<NodeOptions, "choice" | "restart" | "backTimeoutMs">;

/** Finishes or undoes what killed runs of either set-up have left in these state directories, and says so. */
export async function recoverNode(
  host: Host,
  options: Recovering,
  stateDirectories: readonly string[],
): Promise<string[]> {
  const notes: string[] = [];
  for (const directory of stateDirectories) {
    const note = await recover(host, directory, () => prepareRestart(host, options));
    if (note !== undefined) notes.push(note);
  }
  return notes;
}

/** Makes sure that the runtime can be restarted; its files may be others by the time that it is. */
async function prepareRestart(host: Host, options: Recovering): Promise<Restart> {
  const found = await findRuntime(host, options.choice);
  const restart = chooseRestart(found, options);
  return async () => {
    const socket = found.kind === "crio" ? crioSocket : (await dumpNow(host, found)).socket;
    await restart(host);
    await untilBack(host, socket, () => true, options.backTimeoutMs);
  };
}

export interface Report {
  readonly changed: boolean;
  readonly done: readonly string[];
  readonly notes: readonly string[];
}

/** A report as text, or as JSON. */
export function report({ json }: { readonly json?: boolean }, result: Report): Output {
  if (json) return { stdout: `${JSON.stringify(result, null, 2)}\n` };
  const done = result.changed ? result.done : ["nothing to do"];
  return { stdout: [...result.notes.map((note) => `note: ${note}`), ...done, ""].join("\n") };
}

/** Each problem as an error of its own. */
export function toFailures(problems: NodeError["problems"]): NodeError[] {
  return problems.map((problem) => new NodeError([problem]));
}

/** @throws {NodeError} KF_NODE_NOT_ROOT */
export function requireRoot(command: string): void {
  if (process.geteuid?.() === 0) return;
  throw nodeError("KF_NODE_NOT_ROOT", command, `it runs as uid ${process.geteuid?.()}`);
}
