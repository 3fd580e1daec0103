import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { formatRules, landlockRestrictArgs, parseTrace, tracedCalls } from "./launcher-rules.ts";
import type { Parameters } from "./parameters.ts";
import { priority } from "./priority.ts";
import type { Programs } from "./programs.ts";
import { distribution, type Distribution } from "./statistics.ts";

/** Start of `/bin/true` in milliseconds, fork to exit, under each launcher; upstream nono only where it is built. */
export interface LauncherResult {
  readonly rules: number;
  readonly launcherBytes: number;
  readonly bare: Distribution;
  readonly reference: Distribution;
  readonly launcher: Distribution;
  readonly landlockRestrict: Distribution;
  readonly upstreamNono: Distribution | undefined;
}

// Most output of one run: a time is 8 bytes, and there are five launchers.
const maxOutputBytes = 64 << 20;
const command = ["--", "/bin/true"];
const launch = ["/nono/nono", "wrap", "--profile", "default", ...command];

/**
 * Times the launchers in a root like a container's. What the launcher asks of the kernel there is recorded first,
 * so that the others add the same rules.
 */
export function measureLauncher(programs: Programs, directory: string, parameters: Parameters): LauncherResult {
  const folder = (name: string): string => {
    const full = path.join(directory, name);
    mkdirSync(full, { mode: 0o755 });
    return full;
  };
  const [root, nono, bench] = [folder("root"), folder("nono"), folder("bench")];
  copyFileSync(programs.launcher, path.join(nono, "nono"));
  cpSync(programs.profiles, path.join(nono, "profiles"), { recursive: true });
  for (const name of [programs.timer, programs.reference, programs.landlockRestrict]) {
    copyFileSync(path.join(programs.directory, name), path.join(bench, name));
  }
  const script = path.join(import.meta.dirname, "launcher", "container-root.sh");
  const [enter, ...prefix] = [...priority, "unshare", "--mount", "--pid", "--fork", "--net", script, root, nono, bench];
  const inContainerRoot = (argv: readonly string[]): string =>
    execFileSync(enter, [...prefix, ...argv], {
      cwd: "/",
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: "/root" },
      maxBuffer: maxOutputBytes,
    });

  inContainerRoot(["strace", "-y", "-X", "raw", "-o", "/bench/trace", "-e", `trace=${tracedCalls}`, ...launch]);
  const ruleset = parseTrace(readFileSync(path.join(bench, "trace"), "utf8"));
  writeFileSync(path.join(bench, "rules"), formatRules(ruleset));

  const launches: string[][] = [
    ["/bin/true"],
    ["/bench/reference", "/bench/rules", "/bin/true"],
    launch,
    ["/bench/landlock-restrict", ...landlockRestrictArgs(ruleset), ...command],
  ];
  if (programs.upstreamNono !== undefined) {
    copyFileSync(programs.upstreamNono, path.join(bench, "upstream-nono"));
    launches.push(["/bench/upstream-nono", "wrap", "--silent", "--profile", "default", ...command]);
  }
  process.stderr.write(`==> start of a command under ${launches.length - 1} launchers, ${parameters.launches} times\n`);
  const joined = launches.flatMap((argv, index) => (index === 0 ? argv : ["::", ...argv]));
  const lines = inContainerRoot(["/bench/timer", String(parameters.launches), ...joined])
    .trimEnd()
    .split("\n");
  const [bare, reference, launcher, landlockRestrict, upstreamNono] = lines.map((line) => {
    const nanoseconds: number[] = JSON.parse(line);
    return distribution(nanoseconds.map((value) => value / 1e6));
  });
  if (bare === undefined || reference === undefined || launcher === undefined || landlockRestrict === undefined) {
    throw new Error(`the timer printed ${lines.length} lines for ${launches.length} commands`);
  }
  const launcherBytes = statSync(programs.launcher).size;
  return { rules: ruleset.rules.length, launcherBytes, bare, reference, launcher, landlockRestrict, upstreamNono };
}
