import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { runcRelease } from "../e2e/stack/directories.ts";

const checkout = path.join(import.meta.dirname, "..");
const cache = process.env["KUBEFENCE_CACHE"] ?? path.join(homedir(), ".cache", "kubefence");

/** Where everything that a run starts is found; absolute paths. */
export interface Programs {
  /** Our plugin as it is shipped: one file. */
  readonly plugin: string;
  readonly goPlugin: string;
  readonly goCaller: string;
  /** Folder with the programs below, shown to the container root as /bench. */
  readonly directory: string;
  /** Names of programs in it that time and that are compared with the launcher. */
  readonly timer: "timer";
  readonly reference: "reference";
  readonly landlockRestrict: "landlock-restrict";
  readonly launcher: string;
  readonly nonoRunc: string;
  readonly runc: string;
  readonly profiles: string;
  /** Upstream nono, where `make nono-build` has run. */
  readonly upstreamNono: string | undefined;
}

/** Builds the Go and C programs (a second when they are built already) and finds the others. */
export function buildPrograms(nonoVersion: string): Programs {
  const directory = path.join(cache, "bin", "bench");
  mkdirSync(directory, { recursive: true });
  const go = (module: string, package_: string): void => {
    build(
      `bench/${module} (Go)`,
      "go",
      ["build", "-trimpath", "-ldflags", "-s -w", "-o", `${directory}/`, package_],
      module,
    );
  };
  go("go-plugin", ".");
  go("go-caller", ".");
  go("launcher", "github.com/landlock-lsm/go-landlock/cmd/landlock-restrict");
  for (const name of ["reference", "timer"]) {
    const source = path.join("launcher", `${name}.c`);
    build(
      `bench/${source}`,
      "gcc",
      ["-O2", "-Wall", "-Wextra", "-static", "-s", "-o", path.join(directory, name), source],
      ".",
    );
  }
  const upstreamNono = path.join(cache, `nono-${nonoVersion}`, "bin", "nono");
  return {
    plugin: firstExisting("the plugin", path.join(checkout, "build", "10-nono-nri")),
    goPlugin: path.join(directory, "go-plugin"),
    goCaller: path.join(directory, "go-caller"),
    directory,
    timer: "timer",
    reference: "reference",
    landlockRestrict: "landlock-restrict",
    launcher: firstExisting("the launcher", path.join(checkout, "build", "nono"), path.join(cache, "bin", "nono")),
    nonoRunc: firstExisting(
      "nono-runc",
      path.join(checkout, "build", "nono-runc"),
      path.join(cache, "bin", "nono-runc"),
    ),
    runc: firstExisting("runc", path.join(runcRelease().binaries, "runc")),
    profiles: path.join(checkout, "profiles", "generated"),
    upstreamNono: existsSync(upstreamNono) ? upstreamNono : undefined,
  };
}

function firstExisting(what: string, ...candidates: string[]): string {
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) {
    throw new Error(`${what} is not built (looked for ${candidates.join(", ")}): run \`make build\``);
  }
  return found;
}

function build(label: string, command: string, args: readonly string[], directory: string): void {
  process.stderr.write(`==> building ${label}\n`);
  execFileSync(command, args, {
    cwd: path.join(import.meta.dirname, directory),
    env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-mod=readonly" },
    stdio: ["ignore", "inherit", "inherit"],
  });
}
