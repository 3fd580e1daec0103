/** Finishing or undoing what a killed run has left. */
import { removeStaleCandidates } from "./containerd.ts";
import type { Host } from "./host.ts";
import { type Restart, untilBack } from "./service.ts";
import { Transaction } from "./transaction.ts";
import { messageOf } from "../thrown.ts";

/**
 * Undoes what a run that was killed has left behind, and says so; undefined where there is nothing. `prepare` is called first
 * where the runtime has to be restarted afterwards, because it may run with files that will be gone: as long as that is not
 * possible, nothing is undone.
 * @throws {NodeError}
 */
export async function recover(
  host: Host,
  stateDirectory: string,
  prepare: () => Promise<Restart>,
): Promise<string | undefined> {
  await removeStaleCandidates(host);
  const left = await Transaction.left(host, stateDirectory);
  if (left === undefined) return undefined;
  if (left.done) {
    await left.commit();
    return `an earlier ${left.operation} was complete but for its old files; they are gone now`;
  }
  const restart = left.restarted ? await prepare() : undefined;
  await left.undo();
  if (restart === undefined) return `an earlier ${left.operation} was killed; what it had done is undone`;
  await restart();
  return `an earlier ${left.operation} was killed; what it had done is undone, and the runtime was restarted`;
}

/** After a failed change: the old files, the runtime with them. Says what came of it. */
export async function rollBack(
  host: Host,
  transaction: Transaction,
  { restart, socket, timeoutMs }: { restart: (host: Host) => Promise<void>; socket: string; timeoutMs: number },
): Promise<string> {
  try {
    await transaction.undo();
    if (!transaction.restarted) return "the files from before are back; the runtime was not restarted";
    await restart(host);
    await untilBack(host, socket, () => true, timeoutMs);
    return "the files from before are back, and the runtime was restarted with them";
  } catch (error) {
    return `the files or the runtime could not be brought back: ${messageOf(error)}`;
  }
}
