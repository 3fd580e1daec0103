import { spawnSync } from "node:child_process";

const realTime = ["chrt", "--rr", "1"];

/**
 * What to put in front of a command so that other programs of the machine do not take its processor away: both sides
 * of every comparison run so. Empty where the machine does not allow it (some containers).
 */
export const priority: readonly string[] =
  spawnSync("chrt", [...realTime.slice(1), "true"], { stdio: "ignore" }).status === 0 ? realTime : [];
