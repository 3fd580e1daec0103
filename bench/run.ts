// `make bench`: compares the plugin with the same plugin in Go, and the launcher with a C program, in one run.
// A whole run of our own plugin writes docs/reference/benchmarks.md and build/bench.json. Needs root: mount namespaces, and a launcher that root owns.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { measureCreate } from "./create-latency.ts";
import { toFigures, type Results } from "./figures.ts";
import { measureLauncher } from "./launcher-start.ts";
import { measureMemory } from "./memory.ts";
import { allParts, parseParameters, type Parameters } from "./parameters.ts";
import { buildPrograms, type Programs } from "./programs.ts";
import { goalRows, report } from "./report.ts";
import { prepareRivals } from "./rivals.ts";
import { measureRuntime } from "./runtime-cost.ts";
import { measureSeccomp } from "./seccomp-added.ts";
import { measureStart } from "./start.ts";

const checkout = path.join(import.meta.dirname, "..");

async function measure(programs: Programs, directory: string, parameters: Parameters): Promise<Results> {
  const wanted = new Set(parameters.only);
  const commands = prepareRivals(programs, parameters.plugin, directory);
  const { goCaller } = programs;
  return {
    ...(wanted.has("start") && { start: await measureStart(goCaller, commands, parameters) }),
    ...(wanted.has("create") && { create: await measureCreate(goCaller, commands, parameters) }),
    ...(wanted.has("seccomp") && { seccomp: await measureSeccomp(goCaller, commands, parameters) }),
    ...(wanted.has("memory") && { memory: await measureMemory(goCaller, commands, parameters) }),
    ...(wanted.has("launcher") && { launcher: measureLauncher(programs, directory, parameters) }),
    ...(wanted.has("runtime") && { runtime: measureRuntime(programs, directory, parameters) }),
  };
}

async function main(): Promise<void> {
  const parameters = parseParameters(process.argv.slice(2));
  if (process.getuid?.() !== 0) {
    throw new Error(
      "needs root: it makes mount namespaces, and the plugin takes a launcher of root only; run `sudo make bench`",
    );
  }
  const nonoVersion = readFileSync(path.join(checkout, "NONO_VERSION"), "utf8").trim();
  const programs = buildPrograms(nonoVersion);
  const directory = mkdtempSync(path.join(tmpdir(), "kubefence-bench-"));
  try {
    const results = await measure(programs, directory, parameters);
    const figures = toFigures(results);
    const page = report(results, figures, parameters);
    process.stdout.write(page.slice(page.indexOf("## ")));
    if (parameters.check) {
      const missed = goalRows(figures).filter((row) => row.at(-1) === "no");
      process.stdout.write(
        missed.length === 0 ? "All goals of this run are met.\n" : `${missed.length} goals are not met.\n`,
      );
    }
    if (parameters.plugin === undefined && parameters.only.length === allParts.length) {
      mkdirSync(path.join(checkout, "build"), { recursive: true });
      writeFileSync(path.join(checkout, "build/bench.json"), `${JSON.stringify(figures, null, 2)}\n`);
      mkdirSync(path.join(checkout, "docs/reference"), { recursive: true });
      writeFileSync(path.join(checkout, "docs/reference/benchmarks.md"), page);
      process.stderr.write("==> written: docs/reference/benchmarks.md, build/bench.json\n");
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
