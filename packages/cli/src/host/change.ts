/** A change of the node that is whole or not there: steps in one transaction, and the way back when one of them fails. */
import { NodeError } from "../node/errors.ts";
import type { Host } from "./host.ts";
import { rollBack } from "./recover.ts";
import { Transaction } from "./transaction.ts";

export interface Undertaking {
  /** For people and the journal: `install`, `kata uninstall`. */
  readonly operation: string;
  readonly stateDirectory: string;
  /** Where the runtime serves the CRI, and how it is restarted with its old files. */
  readonly socket: string;
  readonly restart: (host: Host) => Promise<void>;
  readonly backTimeoutMs: number;
}

/**
 * Runs the steps and commits.
 * @throws {NodeError} after everything is as it was before; the message says where that did not succeed
 */
export async function changeNode<Result>(
  host: Host,
  { operation, stateDirectory, socket, restart, backTimeoutMs }: Undertaking,
  steps: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  const transaction = Transaction.start(host, stateDirectory, operation);
  try {
    const result = await steps(transaction);
    await transaction.commit();
    return result;
  } catch (cause) {
    const outcome = await rollBack(host, transaction, { restart, socket, timeoutMs: backTimeoutMs });
    if (!(cause instanceof NodeError)) throw cause;
    const [first, ...rest] = cause.problems.map((problem) => ({ ...problem, what: `${problem.what}; ${outcome}` }));
    throw first === undefined ? cause : new NodeError([first, ...rest], { cause });
  }
}
