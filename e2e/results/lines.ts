/** One case in build/e2e.json. */
export interface CaseResult {
  file: string;
  name: string;
  result: "passed" | "failed" | "skipped" | "pending";
  /** Why it was skipped, or the first line of what failed. */
  reason?: string;
}

const signs: Record<CaseResult["result"], string> = { passed: "✓", failed: "✗", skipped: "-", pending: "-" };

/** A line for each case and one for their sum, in the form of the original's end-to-end script. What was skipped did not pass. */
export function resultLines(cases: CaseResult[]): string[] {
  const lines = cases.map(({ file, name, result, reason }) => {
    const place = file.replace(/^.*\//, "").replace(/\.test\.ts$/, "");
    const why = reason === undefined ? "" : ` (${reason})`;
    return `${signs[result]} ${[place, name].filter((part) => part !== "").join(": ")}${why}`;
  });
  const count = (result: CaseResult["result"]): number => cases.filter((one) => one.result === result).length;
  const run = count("passed") + count("failed");
  const left = cases.length - run;
  return [...lines, "", `Results: ${count("passed")}/${run} passed${left > 0 ? `, ${left} not run` : ""}`];
}

/** The exit code that the original's script has: how many failed, as far as an exit code can say. None that ran is a failure. */
export function exitCode(cases: CaseResult[]): number {
  const failed = cases.filter(({ result }) => result === "failed").length;
  return cases.some(({ result }) => result === "passed") ? Math.min(failed, 100) : Math.max(failed, 1);
}
