import type { Barrier, ContainerInput, Refusal } from "./inputs.ts";

/** Refuses a container whose user cannot get to the launcher, with a better text than the runtime's `permission denied`. */
export function findBarrier(container: ContainerInput, barriers: readonly Barrier[]): Refusal | undefined {
  if (barriers.length === 0) return undefined;
  const mapped = container.linux?.namespaces.some(({ type }) => type === "user") === true;
  const { user } = container;
  // Without a user namespace, root passes; a user that is not known is the runtime's to refuse.
  if (!mapped && (user === undefined || user.uid === 0)) return undefined;
  const closed = barriers.find((barrier) => mapped || user === undefined || !passes(user, barrier));
  if (closed === undefined) return undefined;
  const who = mapped ? "a container with a user namespace" : `user ${user?.uid}`;
  return {
    code: "LAUNCHER_UNREACHABLE",
    what: `${who} cannot use ${closed.path} on the node, whose mode is ${formatMode(closed.mode)}`,
    action: openingCommand(closed),
  };
}

/** The command that opens a barrier to every user. */
export function openingCommand(barrier: Barrier): string {
  return `run on the node: chmod ${formatMode(barrier.mode | (barrier.needed << 6) | (barrier.needed << 3) | barrier.needed)} ${barrier.path}`;
}

function passes(user: NonNullable<ContainerInput["user"]>, barrier: Barrier): boolean {
  const isInGroup = user.gid === barrier.gid || user.additionalGids.includes(barrier.gid);
  const shift = user.uid === barrier.uid ? 6 : isInGroup ? 3 : 0;
  return ((barrier.mode >> shift) & barrier.needed) === barrier.needed;
}

function formatMode(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
