import { expect, test } from "vitest";
import { judgeKernelRelease } from "./kernel.ts";

test.each(["5.13", "5.13.0-generic", "6.1.0-18-amd64", "6.18.44", "10.0", "5.13rc1"])("%s will do", (release) => {
  expect(judgeKernelRelease(release)).toBeUndefined();
});

test.each([
  ["5.12.19", "5.12"],
  ["4.19.0-26-amd64", "4.19"],
  ["3.10.0", "3.10"],
  ["5", "5.0"],
  ["", "0.0"],
  ["unknown", "0.0"],
  ["v6.1", "0.1"],
])("%s is too old, with the original's text", (release, found) => {
  expect(judgeKernelRelease(release)?.message).toBe(
    `startup check failed: kernel ${found} is too old: nono-nri requires Linux 5.13+ for Landlock LSM support`,
  );
});
