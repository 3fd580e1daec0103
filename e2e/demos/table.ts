/** What a demo says of one attempt. */
export type Result = "ALLOWED" | "BLOCKED";

/** A row of the table that a demo prints last. */
export interface Attempt {
  attempt: string;
  baseline: Result;
  sandbox: Result;
}

/** The table in a demo's output: its text, and its rows. Throws where there is none. */
export function finalTable(output: string): { text: string; attempts: Attempt[] } {
  const [, text = ""] = /==> both\n(attempt +baseline +sandbox\n[^]*?\nblocked: .*)\n/.exec(output) ?? [];
  const attempts = [...text.matchAll(/^(.+?) +(ALLOWED|BLOCKED) +(ALLOWED|BLOCKED)$/gm)].map(
    ([, attempt = "", baseline, sandbox]): Attempt => ({
      attempt,
      baseline: toResult(baseline),
      sandbox: toResult(sandbox),
    }),
  );
  if (attempts.length === 0) {
    throw new Error(`no table in:\n${output}`);
  }
  return { text, attempts };
}

function toResult(word: string | undefined): Result {
  return word === "ALLOWED" ? "ALLOWED" : "BLOCKED";
}
