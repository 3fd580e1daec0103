import { images } from "./images/recipes.ts";
import type { Pod } from "./kubelet/pod.ts";
import type { ContainerSpec } from "./kubelet/pod-spec.ts";

/** What the probe answered, by operation, such as `read:/etc/shadow` → `EACCES`. */
export type Answers = Record<string, string>;

/** A container whose first process is the probe; busybox unless said otherwise. */
export type ProbeSpec = Partial<ContainerSpec> & { operations: string[] };

/**
 * Runs e2e/images/probe.c as a container's first process, to its end. Throws when it fails or when anything but its
 * answers is written: a sandboxed container's output is the command's alone.
 */
export async function runProbe(pod: Pod, { operations, ...spec }: ProbeSpec): Promise<Answers> {
  const { exitCode, stdout, stderr } = await pod.complete(probeContainer({ operations, ...spec }));
  if (exitCode !== 0 || stderr !== "") {
    throw new Error(`the probe ended with exit code ${exitCode}: ${stderr || stdout}`);
  }
  return parseProbe(stdout);
}

/** The container that {@link runProbe} runs. */
function probeContainer({ operations, ...spec }: ProbeSpec): ContainerSpec {
  return { name: "probe", image: images.busybox, command: ["/usr/bin/probe", ...operations], ...spec };
}

/** Parses the probe's output: one `operation=answer` a line. Throws on any other line. */
export function parseProbe(stdout: string): Answers {
  const answers: Answers = {};
  for (const line of stdout.split("\n").slice(0, -1)) {
    const separator = line.indexOf("=");
    if (separator === -1) {
      throw new Error(`not an answer of the probe: ${JSON.stringify(line)}`);
    }
    answers[line.slice(0, separator)] = line.slice(separator + 1);
  }
  return answers;
}
