import { expect } from "vitest";
import { images } from "./stack/images/recipes.ts";
import type { Pod } from "./stack/kubelet/pod.ts";
import type { ContainerSpec } from "./stack/kubelet/pod-spec.ts";

/** Reads what no profile grants. */
export const reader: Omit<ContainerSpec, "name"> = { image: images.busybox, command: ["cat", "/etc/shadow"] };

/** Containers that are created one after the other, until the end of what made them at the latest. */
export interface Creations extends AsyncDisposable {
  /** So far, whatever became of them. */
  count: () => number;
  stop: () => Promise<{ created: number; errors: string[] }>;
}

/** Creates containers, a few at once, until told to stop; each is confined, or its error is answered. */
export function createMeanwhile(pod: Pod): Creations {
  const ending = new AbortController();
  let created = 0;
  const errors: string[] = [];
  const worker = async (): Promise<void> => {
    // What fails at once would fail a thousand times a second.
    while (!ending.signal.aborted && errors.length < 100) {
      try {
        const { exitCode, stdout } = await pod.complete({
          ...reader,
          name: `c${created + errors.length}-${Math.random()}`,
        });
        if (exitCode === 1 && stdout === "") created++;
        else errors.push(`exit ${exitCode}: ${stdout}`);
      } catch (error) {
        errors.push(String(error));
      }
    }
  };
  const all = Promise.all([worker(), worker(), worker()]);
  const stop: Creations["stop"] = async () => {
    ending.abort();
    await all;
    return { created, errors };
  };
  return { count: () => created + errors.length, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

/** Waits for so many creations, and stops them. */
export async function settle(creations: Creations, count: number): ReturnType<Creations["stop"]> {
  await expect.poll(() => creations.count(), { timeout: 60_000 }).toBeGreaterThan(count);
  return creations.stop();
}
