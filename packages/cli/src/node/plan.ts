/** A plan as people and programs read it. Pure. */
import { createTwoFilesPatch } from "diff";
import { describeNodeProblem, type NodeProblem } from "./errors.ts";

/** `what` of a profile: there are many, and nobody wants to read them one by one. */
export const profileFile = "profile";

export interface PlannedFile {
  readonly path: string;
  readonly action: "create" | "replace" | "remove" | "chmod";
  /** What it is there for, in a few words. */
  readonly what: string;
  /** Texts, for a diff; programs have none. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

export interface NodePlan {
  /** `containerd 2.3.7, /etc/containerd/config.toml`. */
  readonly runtime: string;
  readonly files: readonly PlannedFile[];
  readonly restart: boolean;
  /** Why it cannot be done; nothing is changed while there is one. */
  readonly problems: readonly NodeProblem[];
  /** What an operator should know; nothing has to be done. */
  readonly notes: readonly string[];
}

/** True where the node is as it should be. */
export function isDone(plan: NodePlan): boolean {
  return plan.files.length === 0 && !plan.restart;
}

/** The plan as text: files, their differences, the restart. */
export function formatPlan(plan: NodePlan): string {
  const lines = [plan.runtime, ...plan.notes.map((note) => `note: ${note}`)];
  if (isDone(plan)) lines.push("nothing to do");
  lines.push(...listFiles(plan.files));
  if (plan.restart) lines.push("restart the container runtime; running containers go on");
  return `${[...lines, ...plan.files.flatMap(formatDifference)].join("\n")}\n`;
}

/** One line for each, but for profiles: one for each folder. */
function listFiles(files: readonly PlannedFile[]): string[] {
  const lines = new Map<string, number>();
  for (const { action, path, what } of files) {
    const line =
      what === profileFile
        ? `${action.padEnd(8)}${path.slice(0, path.lastIndexOf("/"))}/*.json`
        : `${action.padEnd(8)}${path}  (${what})`;
    lines.set(line, (lines.get(line) ?? 0) + 1);
  }
  return [...lines].map(([line, count]) => (line.endsWith("*.json") ? `${line}  (${count} profiles)` : line));
}

function formatDifference({ path, before, after, action }: PlannedFile): string[] {
  if (before === undefined && after === undefined) return [];
  const from = before === undefined ? "/dev/null" : path;
  const to = action === "remove" ? "/dev/null" : path;
  const patch = createTwoFilesPatch(from, to, before ?? "", after ?? "", undefined, undefined, { context: 2 });
  return ["", patch.replace(/^(?:Index: .*\n)?=+\n/, "").trimEnd()];
}

/** The plan for programs. */
export function planJson(plan: NodePlan): string {
  const { problems, ...rest } = plan;
  const described = problems.map((problem) => ({ ...problem, message: describeNodeProblem(problem) }));
  return `${JSON.stringify({ done: isDone(plan), ...rest, problems: described }, null, 2)}\n`;
}
