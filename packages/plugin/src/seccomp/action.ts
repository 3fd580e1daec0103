/** What a filter answers to a call. `errno` counts for kind errno only, and is 0 otherwise. */
export interface Action {
  readonly kind: ActionKind;
  readonly errno: number;
}

export type ActionKind = "kill_process" | "kill_thread" | "trap" | "errno" | "log" | "allow";

/** From the strictest on, as the kernel orders the answers of several filters (seccomp(2)). */
const STRICTEST_FIRST: readonly ActionKind[] = ["kill_process", "kill_thread", "trap", "errno", "log", "allow"];

const OCI_NAMES: Readonly<Record<ActionKind, string>> = {
  kill_process: "SCMP_ACT_KILL_PROCESS",
  kill_thread: "SCMP_ACT_KILL_THREAD",
  trap: "SCMP_ACT_TRAP",
  errno: "SCMP_ACT_ERRNO",
  log: "SCMP_ACT_LOG",
  allow: "SCMP_ACT_ALLOW",
};

const EPERM = 1;

export const ALLOW: Action = { kind: "allow", errno: 0 };

/** The action of an OCI name. Undefined for those that bring another process in (TRACE, NOTIFY) and for unknown ones. */
export function actionOf(ociName: string, errno: number = EPERM): Action | undefined {
  if (ociName === "SCMP_ACT_KILL") return { kind: "kill_thread", errno: 0 };
  const kind = STRICTEST_FIRST.find((candidate) => OCI_NAMES[candidate] === ociName);
  return kind && { kind, errno: kind === "errno" ? errno : 0 };
}

export function ociNameOf(action: Action): string {
  return OCI_NAMES[action.kind];
}

export function sameAction(left: Action, right: Action): boolean {
  return left.kind === right.kind && left.errno === right.errno;
}

/** What two filters answer together. Of two errnos it is ours: so answers the kernel when ours was installed last. */
export function stricter(ours: Action, theirs: Action): Action {
  return strictness(theirs) < strictness(ours) ? theirs : ours;
}

/** True if `left` refuses what `right` lets through, or refuses it harder. */
export function isStricter(left: Action, right: Action): boolean {
  return strictness(left) < strictness(right);
}

function strictness(action: Action): number {
  return STRICTEST_FIRST.indexOf(action.kind);
}
