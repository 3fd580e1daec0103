import { expect, test } from "vitest";
import { parseContainerLog } from "./logs.ts";

test("lines are split by stream and pieces joined", () => {
  const text = [
    "2026-11-22T10:00:00.000000001Z stdout F first",
    "2026-11-22T10:00:00.000000002Z stderr F a warning: stdout F",
    "2026-11-22T10:00:00.000000003Z stdout P long ",
    "2026-11-22T10:00:00.000000004Z stdout F line",
    "2026-11-22T10:00:00.000000005Z stdout F ",
    "",
  ].join("\n");
  expect(parseContainerLog(text)).toEqual({ stdout: "first\nlong line\n\n", stderr: "a warning: stdout F\n" });
});
