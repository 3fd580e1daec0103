/**
 * Prints the coverage of the crates of native/ that decide and enforce by `cargo test`, those tests included that need
 * root; fails below 90 % of their lines. Unit tests do not count as lines.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { cache, cargoTool } from "./cargo-tool.ts";
import { decidingCrates } from "./deciding.ts";

const native = join(import.meta.dirname, "../native");
const report = join(import.meta.dirname, "../build/coverage-native/lcov.info");
const threshold = 90;
const total = "in all";

/** Lines that were run, of those that could be. */
interface Lines {
  run: number;
  all: number;
}

function measure(): void {
  const program = cargoTool("cargo-llvm-cov", "0.9.1");
  const environment = {
    ...process.env,
    CARGO_TARGET_DIR: join(cache, "cargo-target-coverage"),
    // Lets the launcher count in a file that it maps before it is restricted: native/launcher/tests/confined/start.rs.
    RUSTFLAGS: "-Cllvm-args=-runtime-counter-relocation",
    CARGO_LLVM_COV_SETUP: "yes", // it takes llvm-tools from rustup, without asking
  };
  const run = (...args: string[]): void => {
    execFileSync(program, ["llvm-cov", ...args], { cwd: native, env: environment, stdio: "inherit" });
  };
  const packages = decidingCrates.flatMap((crate) => ["--package", `kubefence-${crate}`]);
  mkdirSync(join(report, ".."), { recursive: true });
  run("clean", "--profraw-only");
  run("--no-report", ...packages, "--lib", "--tests", "--", "--include-ignored");
  run("report", ...packages, "--lcov", "--output-path", report);
}

/** The line at which a file's own unit tests begin. */
function firstTestLine(file: string): number {
  const lines = readFileSync(file, "utf8").split("\n");
  const at = lines.findIndex((line, index) => line === "#[cfg(test)]" && lines[index + 1]?.startsWith("mod tests"));
  return at < 0 ? Infinity : at + 1;
}

/** The lines of each file; files that are compiled for tests only are left out. */
function count(): Map<string, Lines> {
  const byFile = new Map<string, Lines>();
  for (const record of readFileSync(report, "utf8").split("end_of_record\n")) {
    const file = /^SF:(.+)$/m.exec(record)?.[1];
    if (file === undefined || /(_tests|\/tests|\/tree|\/simulator)\.rs$/.test(file)) {
      continue;
    }
    const end = firstTestLine(file);
    const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)].filter(([, line]) => Number(line) < end);
    byFile.set(relative(native, file), { run: lines.filter(([, , times]) => times !== "0").length, all: lines.length });
  }
  return byFile;
}

function print(name: string, { run, all }: Lines): number {
  const percent = (100 * run) / all;
  console.log(`${percent.toFixed(1).padStart(6)} %  ${String(run).padStart(5)} of ${all}  ${name}`);
  return percent;
}

measure();
const sums = new Map<string, Lines>();
console.log("\nlines run");
for (const [file, lines] of [...count()].toSorted(([one], [other]) => one.localeCompare(other))) {
  print(file, lines);
  for (const name of [`all of ${file.split("/")[0]}`, total]) {
    const sum = sums.get(name) ?? { run: 0, all: 0 };
    sums.set(name, { run: sum.run + lines.run, all: sum.all + lines.all });
  }
}
for (const [name, lines] of sums) {
  if (print(name, lines) < threshold && name === total) {
    console.error(`coverage-native: below ${threshold} %`);
    process.exitCode = 1;
  }
}
