import { setTimeout as delay } from "node:timers/promises";
import { images } from "../stack/images/recipes.ts";
import type { Pod } from "../stack/kubelet/pod.ts";

/** What became of containers that a pod asked for. */
export interface Tally {
  /** Started, and confined. */
  created: number;
  refused: number;
  /** Started, and not confined: must stay 0. */
  unsandboxed: number;
  /** Why containers were refused, by code. */
  reasons: Record<string, number>;
  /** Refusals whose reason is none that is known here. */
  unexplained: number;
}

/** Exit codes of the command that every container runs: it tries a denied read. */
const confined = 40;
const open = 41;
const command = ["sh", "-c", `if cat /etc/shadow; then exit ${open}; else exit ${confined}; fi`];

let containers = 0;

/**
 * Asks for `count` containers, a few at once. `before(n)` is waited for before the n-th is asked for, so that something
 * can happen in the middle.
 */
export async function createMany(
  pod: Pod,
  count: number,
  before: (asked: number) => Promise<void> = async () => {},
): Promise<Tally> {
  const tally: Tally = { created: 0, refused: 0, unsandboxed: 0, reasons: {}, unexplained: 0 };
  let asked = 0;
  const worker = async (): Promise<void> => {
    while (asked < count) {
      asked++;
      await before(asked);
      await createOne(pod, tally);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  return tally;
}

async function createOne(pod: Pod, tally: Tally): Promise<void> {
  try {
    const { exitCode, stdout } = await pod.complete({ name: `c${++containers}`, image: images.busybox, command });
    // What it read counts, whatever became of its exit code.
    if (exitCode === open || stdout !== "") {
      tally.unsandboxed++;
    } else if (exitCode === confined) {
      tally.created++;
    } else {
      // 255: containerd was restarted meanwhile and does not know any more.
      if (exitCode === 255) refuse(tally, "containerd: lost the exit code");
      else refuseUnexplained(tally, `exit ${exitCode}`);
    }
  } catch (error) {
    const reason = reasonOf(String(error));
    if (reason === undefined) refuseUnexplained(tally, String(error).slice(0, 300));
    else refuse(tally, reason);
    // The kubelet waits longer before it tries again.
    await delay(200);
  }
}

function refuse(tally: Tally, reason: string): void {
  tally.refused++;
  tally.reasons[reason] = (tally.reasons[reason] ?? 0) + 1;
}

function refuseUnexplained(tally: Tally, text: string): void {
  tally.unexplained++;
  refuse(tally, text);
}

/** Who refused, and with which code. */
function reasonOf(error: string): string | undefined {
  const ours = /(nono-runc|kubefence) refused the (?:container|process): ([A-Z_]+):/.exec(error);
  if (ours !== null) return `${ours[1]}: ${ours[2]}`;
  if (/validator plugin 10-nono-nri failed/.test(error)) return "NRI: the plugin was gone when it was to validate";
  if (/failed to get NRI adjustment|NRI/.test(error)) return "NRI: the plugin did not answer in time";
  if (/UNAVAILABLE|CANCELLED|ECONNRE|not connected|server is not initialized/.test(error))
    return "containerd: restarting";
  if (/transport is closing|ttrpc: closed|context canceled/.test(error)) return "containerd: restarting";
  return undefined;
}
