import { type Difference, differences, type Effect, effectOf, explanation, start } from "./differences.ts";
import type { ManifestCase } from "./manifests.ts";
import { type RunResult, tryOperations, type World } from "./run.ts";

/** What both launchers answered to one operation under one manifest. */
export interface Comparison {
  manifest: string;
  /** Words separated by tabs; `start` for whether the command is started. */
  operation: string;
  ours: string;
  nono: string;
  /** Absent where the answers are equal. */
  effect?: Effect;
  /** The known difference, where there is one. */
  difference?: Difference;
}

/** Runs all operations of one manifest under both launchers. */
export async function compare(world: World, manifest: ManifestCase): Promise<Comparison[]> {
  const ours = await tryOperations(world, "ours", manifest);
  const nono = await tryOperations(world, "nono", manifest);
  const comparisons = [comparison(manifest.name, start, started(ours), started(nono))];
  const comparable = await comparableRun(world, manifest, nono);
  if ("answers" in ours && "answers" in comparable) {
    for (const [operation, answer] of ours.answers) {
      comparisons.push(comparison(manifest.name, operation, answer, comparable.answers.get(operation) ?? "no answer"));
    }
  }
  return comparisons;
}

// What upstream refuses to start under is compared in the form that it accepts.
async function comparableRun(world: World, manifest: ManifestCase, nono: RunResult): Promise<RunResult> {
  if (manifest.upstreamGrants === undefined || "answers" in nono) {
    return nono;
  }
  return tryOperations(world, "nono", { ...manifest, grants: manifest.upstreamGrants });
}

function started(result: RunResult): string {
  return "answers" in result ? "ok" : "refused";
}

function comparison(manifest: string, operation: string, ours: string, nono: string): Comparison {
  if (ours === nono) {
    return { manifest, operation, ours, nono };
  }
  const difference = explanation(manifest, operation, ours, nono);
  return { manifest, operation, ours, nono, effect: effectOf(ours, nono), ...(difference && { difference }) };
}

/** Known differences that no comparison showed. */
export function unseenDifferences(comparisons: Comparison[]): Difference[] {
  const seen = new Set(comparisons.map(({ difference }) => difference));
  return differences.filter((difference) => !seen.has(difference));
}
