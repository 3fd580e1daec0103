import { expect, test } from "vitest";
import { type CaseResult, exitCode, resultLines } from "./lines.ts";

const file = "e2e/cases/cluster/access.test.ts";
const passed: CaseResult = { file, name: "exec", result: "passed" };
const failed: CaseResult = { file, name: "logs", result: "failed", reason: "no log" };
const skipped: CaseResult = { file, name: "debug", result: "skipped", reason: "needs the harness's own node" };

test("a line each, and what was skipped did not pass", () => {
  expect(resultLines([passed, failed, skipped])).toEqual([
    "✓ access: exec",
    "✗ access: logs (no log)",
    "- access: debug (needs the harness's own node)",
    "",
    "Results: 1/2 passed, 1 not run",
  ]);
  expect(resultLines([passed]).at(-1)).toBe("Results: 1/1 passed");
});

test("the exit code counts what failed; nothing that ran is a failure", () => {
  expect(exitCode([passed, skipped])).toBe(0);
  expect(exitCode([passed, failed, failed])).toBe(2);
  expect(exitCode([skipped])).toBe(1);
  expect(exitCode([])).toBe(1);
  expect(exitCode([passed, ...Array.from({ length: 300 }, () => failed)])).toBe(100);
});
