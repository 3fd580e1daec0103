/** What `seccomp-probe` says: the result by call, without colours and errors. */
export function probeResults(stdout: string): Map<string, string> {
  return new Map(
    [...stdout.matchAll(/^ {2}(\w+) +((?:[A-Z-]+ )+)/gm)].map(([, name = "", words = ""]) => [name, result(words)]),
  );
}

const results = ["SECCOMP BLOCKED", "SECCOMP KILLED", "CAP-GATED", "NO SUCH CALL", "NOT TRIED", "ALLOWED"];

function result(words: string): string {
  return results.find((known) => words.startsWith(known)) ?? words;
}

/** What `seccomp-actor` says: the word by attempt. */
export function actorResults(stdout: string): Map<string, string> {
  return new Map(
    [...stdout.matchAll(/^ {2}([A-Z]+) +(\S.*?) {2,}\S/gm)].map(([, word = "", label = ""]) => [label, word]),
  );
}
