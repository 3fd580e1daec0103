/**
 * Runs Stryker over the parts that decide, or over MUTATE (globs with commas between). The report is build/mutants/.
 *
 * MUTATE='packages/plugin/src/policy/*.ts' node tools/mutants.ts
 * With TESTS, globs too, only these tests are asked: those beside the files, say. No mutant is noticed for it that is not.
 */
import { join } from "node:path";
import { Stryker } from "@stryker-mutator/core";
import { deciding } from "./deciding.ts";

const mutate = process.env["MUTATE"]?.split(",") ?? deciding;
await new Stryker({
  mutate: [...mutate, "!**/*.test.ts", "!**/generated/**"],
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "tools/mutants.config.ts" },
  coverageAnalysis: "perTest",
  // There is none: Stryker would read tsconfig.json with the API of a TypeScript older than ours.
  tsconfigFile: "tsconfig.none.json",
  ignorePatterns: ["build", "native/target", "bench", "**/dist"],
  tempDirName: "build/stryker",
  concurrency: Number(process.env["MUTANTS_AT_ONCE"] ?? 2),
  // An endless loop counts as noticed, a busy machine must not.
  timeoutMS: 20_000,
  timeoutFactor: 4,
  // Constants of a module would need a run of all tests each.
  ignoreStatic: true,
  reporters: ["progress-append-only", "clear-text", "json"],
  clearTextReporter: { allowColor: false, logTests: false },
  jsonReporter: { fileName: join("build", "mutants", "report.json") },
  thresholds: { high: 90, low: 80, break: null },
}).runMutationTest();
