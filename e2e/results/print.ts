import { readFileSync } from "node:fs";
import { type CaseResult, exitCode, resultLines } from "./lines.ts";

// node e2e/results/print.ts FILE PROJECT...: the results of these projects in build/e2e.json, for people.

const [file = "", ...projects] = process.argv.slice(2);
const results: Record<string, CaseResult[]> = JSON.parse(readFileSync(file, "utf8"));
const cases = projects.flatMap((project) => results[project] ?? []);
console.log(resultLines(cases).join("\n"));
process.exitCode = exitCode(cases);
