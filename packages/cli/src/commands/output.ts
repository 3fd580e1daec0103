/** What a command says and how it ends. Only main.ts prints. */
export interface Output {
  readonly stdout?: string;
  readonly stderr?: string;
  /** Errors of single files; any makes the command fail. */
  readonly failures?: readonly unknown[];
  /** Where 0 is not right without a failure. */
  readonly exitCode?: number;
}

/** A command line that asks for what cannot be: exit code 2. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** Warnings as lines for stderr. */
export function warningLines(name: string, warnings: readonly string[]): string {
  return warnings.map((warning) => `warning: ${name}: ${warning}\n`).join("");
}
