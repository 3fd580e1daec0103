/** The table of `kubefence node check`. Pure. */

/** `bad` keeps sandboxed pods from starting, or their sandbox from being what it should be; `warn` is to be known. */
export type RowState = "ok" | "warn" | "bad";

export interface CheckRow {
  readonly name: string;
  readonly state: RowState;
  readonly value: string;
  /** What to do; given where the state is not ok. */
  readonly fix?: string | undefined;
}

/** Labels for the Node object. Absent ones are to be removed. */
export interface NodeLabels {
  readonly "kubefence.io/ready"?: "true";
  readonly "kubefence.io/landlock-abi"?: string;
}

export interface CheckReport {
  readonly ready: boolean;
  readonly rows: readonly CheckRow[];
  readonly labels: NodeLabels;
}

/** Name of the row of the self-test; without that row there are no labels. */
export const selfTestName = "self-test";

/** A node is ready for sandboxed pods when no row is bad. It has earned its labels when a container has proved that. */
export function reportOf(rows: readonly CheckRow[], landlockAbi: number | undefined): CheckReport {
  const ready = rows.every(({ state }) => state !== "bad");
  const isProven = rows.some(({ name, state }) => name === selfTestName && state === "ok");
  const labels: NodeLabels =
    ready && isProven && landlockAbi !== undefined
      ? { "kubefence.io/ready": "true", "kubefence.io/landlock-abi": String(landlockAbi) }
      : {};
  return { ready, rows, labels };
}

/** The rows in columns; below each row that is not ok, what to do. */
export function formatCheck({ rows, ready }: CheckReport): string {
  const width = Math.max(...rows.map(({ name }) => name.length)) + 2;
  const lines = rows.flatMap(({ name, state, value, fix }) => {
    const line = `${state.padEnd(6)}${name.padEnd(width)}${value}`;
    return fix === undefined ? [line] : [line, `${" ".repeat(6 + width)}→ ${fix}`];
  });
  return `${[...lines, ready ? "ready for sandboxed pods" : "NOT ready for sandboxed pods"].join("\n")}\n`;
}
