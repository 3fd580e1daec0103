import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { describeCase } from "./create-latency.ts";
import { casePrefix, type Figures, type Results } from "./figures.ts";
import { goals } from "./goals.ts";
import type { Memory } from "./memory.ts";
import { priority } from "./priority.ts";
import type { Parameters } from "./parameters.ts";
import type { Distribution } from "./statistics.ts";

/** The page docs/reference/benchmarks.md for one run, as Markdown. */
export function report(results: Results, figures: Figures, parameters: Parameters): string {
  return [
    "# Benchmarks",
    "",
    "Written by `make bench`; do not edit. All figures are of one run on one machine, everything that is compared took",
    "turns within it, and no test asserts any of them. `build/bench.json` has the same figures by the names used here.",
    "",
    machine(),
    "",
    ...goalSection(figures),
    ...createSection(results, parameters),
    ...seccompSection(results, parameters),
    ...memorySection(results, parameters),
    ...startSection(results, parameters),
    ...launcherSection(results, parameters),
    ...runtimeSection(results, parameters),
  ].join("\n");
}

/** Each goal of this run's figures with what was measured. */
export function goalRows(figures: Figures): string[][] {
  return goals.flatMap(({ figure, atMost, words }) => {
    const value = figures[figure];
    return value === undefined ? [] : [[`\`${figure}\``, String(value), words, value <= atMost ? "yes" : "no"]];
  });
}

function machine(): string {
  const [processor] = cpus();
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  const goVersion = execFileSync("go", ["env", "GOVERSION"], { encoding: "utf8" }).trim();
  const system = /^PRETTY_NAME="(.*)"$/mu.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  return (
    `Machine: ${cpus().length} processors (${processor?.model ?? "unknown"}), ${memoryGib} GiB, ${system}, Linux ${release()}, ` +
    `Node ${process.version}, ${goVersion}; ${new Date().toISOString().slice(0, 10)}. ` +
    (priority.length > 0
      ? "Everything ran with real-time priority, so that other load of the machine stays out."
      : "No real-time priority was to be had: other load of the machine is in the figures.")
  );
}

function goalSection(figures: Figures): string[] {
  return ["## Goals", "", ...table(["figure", "this run", "goal", "met"], goalRows(figures)), ""];
}

function createSection({ create }: Results, parameters: Parameters): string[] {
  if (create === undefined) {
    return [];
  }
  const rows = create.results.flatMap((result) => [
    latencyRow(`ours: ${describeCase(result)} (\`${casePrefix(result)}\`)`, result.ours),
    latencyRow("Go", result.go),
    [
      "**ours / Go**",
      ...(["min", "p50", "p90", "p99"] as const).map(
        (rank) => `**${(result.ours[rank] / result.go[rank]).toFixed(2)}**`,
      ),
    ],
  ]);
  return [
    "## Creating a container",
    "",
    "Round trip of one CreateContainer as the container runtime sees it, in microseconds. The runtime is a Go program",
    `(\`bench/go-caller\`) with a request written by hand after real ones: ${create.requestBytes} bytes, 30 mounts, 40 variables.`,
    "Go is the same plugin on the official stub (`bench/go-plugin`): it decides, adjusts, writes the state file, logs and",
    "then answers, as the original does. On the wire: the Go ttRPC client straight on the mux. Through the runtime library:",
    "`pkg/adaptation`, which takes one lock for all requests, merges the answer and has our plugin validate the result in a",
    "second request, which the Go plugin does not do. Skipped: a pod without our runtime class.",
    `${parameters.requests} requests to each plugin and case in alternating blocks of ${parameters.block}, after ${parameters.warmup} that do not count`,
    "(in whose pauses our plugin [rehearses](../adr/0016-rehearsed-in-the-pauses.md)); each container is removed again between the blocks.",
    "",
    ...table(["µs", "min", "p50", "p90", "p99"], rows),
    "",
  ];
}

function seccompSection({ seccomp }: Results, parameters: Parameters): string[] {
  if (seccomp === undefined) {
    return [];
  }
  return [
    "## Seccomp",
    "",
    `Round trip of one CreateContainer on the wire for a container that shows a filter of its own (${seccomp.ruleCount} rules, as containerd's`,
    'default one), with `seccomp_profile = "restricted"`, where the answer carries both in one, and without.',
    `${parameters.requests} requests each in alternating blocks, up to the arrival of the answer: Go's decoding of it is not counted.`,
    "",
    ...table(
      ["µs", "min", "p50", "p90", "p99"],
      [latencyRow("no seccomp_profile", seccomp.without), latencyRow("restricted", seccomp.restricted)],
    ),
    "",
  ];
}

function memorySection({ memory }: Results, parameters: Parameters): string[] {
  if (memory === undefined) {
    return [];
  }
  return [
    "## Memory",
    "",
    "Private is RssAnon, what the process does not share with others; resident is VmRSS. Fresh processes, without a health",
    `address. Idle and at rest are 12 seconds after the start and after the last of ${parameters.containers} sandboxed containers was created`,
    "and removed. Bare Node is `node -e 'setInterval(() => {}, 1e9)'`.",
    "",
    ...table(
      ["MiB", "private", "resident"],
      [
        memoryRow("ours, idle", memory.idle.ours),
        memoryRow(`ours, right after ${parameters.containers} containers`, memory.atOnce.ours),
        memoryRow("ours, at rest after them", memory.afterContainers.ours),
        memoryRow("Go, idle", memory.idle.go),
        memoryRow(`Go, right after ${parameters.containers} containers`, memory.atOnce.go),
        memoryRow("Go, at rest after them", memory.afterContainers.go),
        memoryRow("bare Node", memory.bareNode),
      ],
    ),
    "",
  ];
}

function startSection({ start }: Results, parameters: Parameters): string[] {
  if (start === undefined) {
    return [];
  }
  return [
    "## Start",
    "",
    `From fork to synchronized with the runtime, ${parameters.starts} starts of each in turn; bare Node is \`node -e 0\` from fork to`,
    "exit. The first create is the round trip of the first sandboxed container right after that.",
    "",
    ...table(
      ["ms", "min", "p50", "p90"],
      [
        startRow("bare Node", start.bareNode),
        startRow("ours", start.ours),
        startRow("Go", start.go),
        startRow("ours, first create", start.oursFirstCreate),
        startRow("Go, first create", start.goFirstCreate),
      ],
    ),
    "",
  ];
}

function runtimeSection({ runtime }: Results, parameters: Parameters): string[] {
  if (runtime === undefined) {
    return [];
  }
  const rows = (["create", "exec", "execToEnd"] as const).flatMap((call) => {
    const name = { create: "create", exec: "exec, until it has started", execToEnd: "exec, until it has ended" }[call];
    return [startRow(`${name}: runc alone`, runtime[call].runc), startRow("through nono-runc", runtime[call].nonoRunc)];
  });
  return [
    "## nono-runc",
    "",
    `Fork to exit of one call, runc alone and through nono-runc in turn, ${parameters.calls} times each, on a bundle as the plugin leaves it.`,
    "What is sent into the container is `true`; through nono-runc it starts under the launcher, which the last pair waits for too.",
    `nono-runc has ${runtime.bytes} bytes.`,
    "",
    ...table(["ms", "min", "p50", "p90"], rows),
    "",
  ];
}

function launcherSection({ launcher }: Results, parameters: Parameters): string[] {
  if (launcher === undefined) {
    return [];
  }
  return [
    "## The launcher",
    "",
    `Fork to exit of \`/bin/true\` in a root like a container's, ${parameters.launches} times each, in turn (\`bench/launcher/timer.c\`).`,
    `The profile \`default\` comes to ${launcher.rules} rules there; they are recorded from the launcher with strace, and the C program`,
    "(`bench/launcher/reference.c`, static) and go-landlock's `landlock-restrict` get the same paths. Neither reads a profile",
    `or proves that the sandbox holds. The launcher has ${launcher.launcherBytes} bytes.`,
    "",
    ...table(
      ["ms", "min", "p50", "p90"],
      [
        startRow("bare exec", launcher.bare),
        startRow("C program, same rules", launcher.reference),
        startRow("our launcher", launcher.launcher),
        startRow("landlock-restrict, same paths", launcher.landlockRestrict),
        ...(launcher.upstreamNono ? [startRow("upstream nono, its own profile `default`", launcher.upstreamNono)] : []),
      ],
    ),
    ...(launcher.upstreamNono ? [] : ["", "Upstream nono was not built for this run (`make nono-build`)."]),
    "",
  ];
}

function latencyRow(name: string, of: Distribution): string[] {
  return [name, ...[of.min, of.p50, of.p90, of.p99].map((value) => value.toFixed(0))];
}

function memoryRow(name: string, of: Memory): string[] {
  return [name, of.privateMib.toFixed(1), of.residentMib.toFixed(1)];
}

function startRow(name: string, of: Distribution): string[] {
  return [name, ...[of.min, of.p50, of.p90].map((value) => value.toFixed(2))];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const ruler = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return [head, ruler, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}
