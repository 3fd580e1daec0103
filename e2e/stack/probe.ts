/** Parses what e2e/images/probe.c prints: one `operation=answer` a line. Throws on any other line. */
export function parseProbe(stdout: string): Record<string, string> {
  const answers: Record<string, string> = {};
  for (const line of stdout.split("\n").slice(0, -1)) {
    const separator = line.indexOf("=");
    if (separator === -1) {
      throw new Error(`not an answer of the probe: ${JSON.stringify(line)}`);
    }
    answers[line.slice(0, separator)] = line.slice(separator + 1);
  }
  return answers;
}
