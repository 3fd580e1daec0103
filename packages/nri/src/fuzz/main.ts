/**
 * Fuzzes what a peer can reach, for a number of seconds:   npm run fuzz -w packages/nri -- 30 [SEED]
 *
 * The coverage-guided fuzzer of npm, @jazzer.js/core, is not used: its compiled part needs glibc 2.38, which Debian 12
 * does not have. fast-check shrinks what fails and prints the seed that finds it again.
 */
import * as fc from "fast-check";
import { input, pieces } from "./inputs.ts";
import { exercise } from "./target.ts";

const [secondsArgument = "30", seedArgument] = process.argv.slice(2);
const seconds = Number(secondsArgument);
const seed = Number(seedArgument ?? Date.now() % 2 ** 31);
if (!(seconds > 0 && seconds < 1e6) || !Number.isInteger(seed)) {
  console.error("usage: npm run fuzz -w packages/nri -- SECONDS [SEED]");
  process.exit(2);
}

let runs = 0;
const ends = new Map<string, number>();
const property = fc.property(input, ({ bytes, cuts }) => {
  const whole = exercise([bytes]);
  const cut = exercise(pieces(bytes, cuts));
  if (whole.answers !== cut.answers || whole.closedWith !== cut.closedWith) {
    throw new Error(`cut at ${cuts.join(", ")} it ends otherwise: ${cut.closedWith} instead of ${whole.closedWith}`);
  }
  runs += 1;
  const end = whole.closedWith ?? "served to the end";
  ends.set(end, (ends.get(end) ?? 0) + 1);
});

const result = fc.check(property, {
  seed,
  numRuns: Number.MAX_SAFE_INTEGER,
  interruptAfterTimeLimit: seconds * 1000,
});
if (result.failed && !result.interrupted) {
  const [found] = result.counterexample ?? [];
  console.error(result.errorInstance);
  console.error(`seed ${seed}, after ${result.numRuns} inputs: cut at ${found?.cuts.join(", ")}, bytes`);
  console.error(found?.bytes.toString("hex"));
  process.exitCode = 1;
} else {
  const summary = [...ends].map(([end, count]) => `${count} ${end}`).join(", ");
  console.log(`${runs} inputs in ${seconds} s with seed ${seed}: ${summary}`);
}
