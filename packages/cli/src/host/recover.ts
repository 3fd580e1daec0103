/** Finishing or undoing what a killed run has left. */
import { type Host, messageOf } from "./host.ts";
import { untilBack } from "./service.ts";
import { Transaction } from "./transaction.ts";

/**
 * Undoes what a run that was killed has left behind, and says so; undefined where there is nothing. `restart` is called where
 * the runtime may run with files that are no longer there, and waits until it is back.
 * @throws {NodeError}
 */
export async function recover(
  host: Host,
  stateDirectory: string,
  restart: () => Promise<void>,
): Promise<string | undefined> {
  const left = await Transaction.left(host, stateDirectory);
  if (left === undefined) return undefined;
  if (left.done) {
    await left.commit();
    return `an earlier ${left.operation} was complete but for its old files; they are gone now`;
  }
  await left.undo();
  if (!left.restarted) return `an earlier ${left.operation} was killed; what it had done is undone`;
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
