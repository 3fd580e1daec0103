/**
 * Runs cargo-mutants over the crates of native/ that decide and enforce, or those in CRATES, or the files of MUTATE
 * (a glob), and prints the score of each file. A mutant is judged by `cargo test` of its crate, those tests included
 * that need root. It works on a copy of the checkout, so a run that is stopped leaves no mutant behind.
 *
 * CRATES=policy,launcher MUTATE='launcher/src/command.rs' node tools/mutants-native.ts
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cache, cargoTool } from "./cargo-tool.ts";
import { decidingCrates } from "./deciding.ts";

const checkout = join(import.meta.dirname, "..");
const results = join(checkout, "build/mutants-native");
const copy = join(results, "checkout");

interface Outcome {
  scenario: "Baseline" | { Mutant: { file: string; name: string } };
  summary: "Success" | "CaughtMutant" | "MissedMutant" | "Unviable" | "Timeout" | "Failure";
}

/** What became of the mutants of one file. Those that do not compile say nothing about the tests. */
interface Score {
  noticed: number;
  missed: number;
}

function copyCheckout(): void {
  rmSync(results, { recursive: true, force: true });
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const files = execFileSync("git", list, { cwd: checkout, encoding: "utf8", maxBuffer: 64 << 20 }).split("\0");
  for (const file of files.filter((name) => name !== "")) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(checkout, file), join(copy, file));
  }
}

function run(): Outcome[] {
  const crates = process.env["CRATES"]?.split(",") ?? decidingCrates;
  const mutate = process.env["MUTATE"];
  const args = [
    ["mutants", "--in-place", "--no-times", "--colors=never", "--output", results],
    crates.flatMap((crate) => ["--package", `kubefence-${crate}`]),
    mutate === undefined ? [] : ["--file", mutate],
    ["--", "--lib", "--tests", "--", "--include-ignored"],
  ];
  const environment = {
    CARGO_TARGET_DIR: join(cache, "cargo-target-mutants"),
    CARGO_PROFILE_DEV_DEBUG: "0",
    CARGO_PROFILE_TEST_DEBUG: "0",
  };
  const { status } = spawnSync(cargoTool("cargo-mutants", "27.1.0"), args.flat(), {
    cwd: join(copy, "native"),
    env: { ...process.env, ...environment },
    stdio: "inherit",
  });
  // 2: some were missed, 3: some never ended.
  if (status === null || ![0, 2, 3].includes(status)) {
    throw new Error(`cargo-mutants ended with ${status}; what it did is in ${results}/mutants.out/log`);
  }
  return JSON.parse(readFileSync(join(results, "mutants.out/outcomes.json"), "utf8")).outcomes;
}

/** Counts by file, and in all. A mutant that never ends is noticed: the test run ends it. */
function scores(outcomes: Outcome[]): Map<string, Score> {
  const byFile = new Map<string, Score>();
  for (const { scenario, summary } of outcomes) {
    if (scenario === "Baseline" || summary === "Unviable") {
      continue;
    }
    for (const key of [scenario.Mutant.file, "in all"]) {
      const score = byFile.get(key) ?? { noticed: 0, missed: 0 };
      score[summary === "MissedMutant" ? "missed" : "noticed"] += 1;
      byFile.set(key, score);
    }
  }
  return byFile;
}

copyCheckout();
const byFile = [...scores(run())].toSorted(([one], [other]) => one.localeCompare(other));
console.log("\nmutants noticed");
for (const [file, { noticed, missed }] of byFile) {
  const percent = ((100 * noticed) / (noticed + missed)).toFixed(0);
  console.log(`${percent.padStart(4)} %  ${String(noticed).padStart(4)} of ${noticed + missed}  ${file}`);
}
