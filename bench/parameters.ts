import { parseArgs } from "node:util";

/** What one run does; the defaults are the numbers that the goals are stated for. */
export interface Parameters {
  /** Measured CreateContainer requests for each plugin and case. */
  readonly requests: number;
  /** Requests before them that are not counted: both plugins are long-running programs. */
  readonly warmup: number;
  /** Callers at once in the second half of the cases. */
  readonly callers: number;
  /** Requests to one plugin before it is the other one's turn. */
  readonly block: number;
  /** Containers created and removed before memory is read the second time. */
  readonly containers: number;
  /** Starts of each plugin. */
  readonly starts: number;
  /** Starts of the command under each launcher. */
  readonly launches: number;
  /** Calls of create and of exec, through nono-runc and of runc alone. */
  readonly calls: number;
  /** Which parts run: create, seccomp, memory, start, launcher, runtime. */
  readonly only: readonly Part[];
  /** Command line of the plugin to measure instead of ours; `--config FILE` is put behind it. */
  readonly plugin: readonly string[] | undefined;
  /** Says which goals are met after the tables. Never a reason to fail. */
  readonly check: boolean;
}

/** The parts of a whole run. */
export const allParts = ["create", "seccomp", "memory", "start", "launcher", "runtime"] as const;
/** One part of a run, each with its own processes. */
export type Part = (typeof allParts)[number];

const usage = `usage: node bench/run.ts [--requests 5000] [--warmup 500] [--callers 32] [--block 250] [--containers 10000]
                        [--starts 15] [--launches 400] [--calls 200] [--only create,seccomp,memory,start,launcher,runtime] [--plugin 'COMMAND ARGS'] [--check]`;

/** Reads the command line; throws an Error with the usage text for what it does not know. */
export function parseParameters(args: readonly string[]): Parameters {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        requests: { type: "string", default: "5000" },
        warmup: { type: "string", default: "500" },
        callers: { type: "string", default: "32" },
        block: { type: "string", default: "250" },
        containers: { type: "string", default: "10000" },
        starts: { type: "string", default: "15" },
        launches: { type: "string", default: "400" },
        calls: { type: "string", default: "200" },
        only: { type: "string", default: allParts.join(",") },
        plugin: { type: "string" },
        check: { type: "boolean", default: false },
      },
    }));
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}\n${usage}`, { cause });
  }
  const count = (name: string): number => {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new Error(`--${name} ${String(values[name])}: must be a whole number above 0\n${usage}`);
    }
    return value;
  };
  return {
    requests: count("requests"),
    warmup: count("warmup"),
    callers: count("callers"),
    block: count("block"),
    containers: count("containers"),
    starts: count("starts"),
    launches: count("launches"),
    calls: count("calls"),
    only: String(values["only"]).split(",").map(toPart),
    plugin: typeof values["plugin"] === "string" ? values["plugin"].split(" ") : undefined,
    check: values["check"] === true,
  };
}

function toPart(text: string): Part {
  const part = allParts.find((name) => name === text);
  if (part === undefined) {
    throw new Error(`--only ${text}: must be some of ${allParts.join(",")}\n${usage}`);
  }
  return part;
}
