import { readFileSync } from "node:fs";

/** What a container wrote, taken from its log in the CRI's format: `<time> <stdout|stderr> <P|F> <text>`. */
export interface ContainerOutput {
  stdout: string;
  stderr: string;
}

/** Reads a log file. P marks a piece of a longer line, F its end. */
export function readContainerLog(path: string): ContainerOutput {
  return parseContainerLog(readFileSync(path, "utf8"));
}

/** Parses the text of a log file. */
export function parseContainerLog(text: string): ContainerOutput {
  const output: ContainerOutput = { stdout: "", stderr: "" };
  for (const line of text.split("\n")) {
    const match = /^\S+ (?<stream>stdout|stderr) (?<tag>[PF]) ?(?<content>.*)$/.exec(line)?.groups;
    if (match !== undefined) {
      const piece = `${match["content"]}${match["tag"] === "F" ? "\n" : ""}`;
      if (match["stream"] === "stdout") {
        output.stdout += piece;
      } else {
        output.stderr += piece;
      }
    }
  }
  return output;
}
