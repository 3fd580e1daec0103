import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import type { CaseResult } from "./results/lines.ts";
import { foreignKubeconfig } from "./stack/cluster/under-test.ts";

const checkout = join(import.meta.dirname, "..");
const results = process.env["KUBEFENCE_E2E_RESULTS"] || join(checkout, "build/e2e.json");

/** Writes every case with its result to build/e2e.json, by vitest project; what other projects have written stays. */
export class ResultsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const known: Record<string, CaseResult[]> = existsSync(results) ? JSON.parse(readFileSync(results, "utf8")) : {};
    const now: Record<string, CaseResult[]> = {};
    for (const testModule of modules) {
      const cases = [...testModule.children.allTests()].map((testCase) => caseResult(testModule, testCase));
      // A file that could not be loaded has no tests, and is a failure.
      const broken = testModule.errors().map(({ message }): CaseResult => {
        return { file: relative(testModule), name: "", result: "failed", reason: firstLine(message) };
      });
      (now[testModule.project.name] ??= []).push(...broken, ...cases);
    }
    if (foreignKubeconfig !== undefined) {
      now["cluster"]?.push(...ownCases());
    }
    mkdirSync(dirname(results), { recursive: true });
    writeFileSync(results, `${JSON.stringify({ ...known, ...now }, undefined, 2)}\n`);
  }
}

/** The files that vitest.config.ts leaves out on somebody's cluster. */
function ownCases(): CaseResult[] {
  const folder = "e2e/cases/cluster-own";
  const reason = "changes the installation or stops the node: runs on the harness's own cluster only";
  return readdirSync(join(checkout, folder)).map((file) => {
    return { file: join(folder, file), name: "", result: "skipped", reason };
  });
}

function caseResult(testModule: TestModule, testCase: TestCase): CaseResult {
  const { state, errors, ...rest } = testCase.result();
  const note = "note" in rest ? rest.note : undefined;
  const reason = note ?? errors?.[0]?.message;
  const place = { file: relative(testModule), name: testCase.fullName, result: state };
  return reason === undefined ? place : { ...place, reason: firstLine(reason) };
}

function relative({ moduleId }: TestModule): string {
  return moduleId.replace(`${checkout}/`, "");
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

// vitest takes a reporter by path only as a default export.
// oxlint-disable-next-line import/no-default-export
export default ResultsReporter;
