import type { Observation } from "./observe.ts";
import type { Workload } from "./workloads.ts";

/** Profiles that the page has a column for. */
export const profiles = ["default", "workspace", "strict"] as const;

/** What came of a workload under each profile. */
export type Row = Record<(typeof profiles)[number], Observation>;

/** Renders docs/reference/workloads.md. */
export function workloadsPage(rows: Map<Workload, Row>): string {
  return `# Ordinary workloads under the built-in profiles

Written by \`e2e/cases/workloads.test.ts\` (\`UPDATE_DOCS=1\` writes it anew), which fails when reality differs.

Programs of Debian bookworm's packages, each run as a pod on containerd through the plugin and the launcher, and asked something from inside its network namespace.
All of them answer every request in a pod without a sandbox, with the same images and volumes.
Denials are the kernel's audit records of the container's processes (Landlock ABI 7); what is made or removed is recorded with its directory.

${overview(rows)}
${underRestricted}
${[...rows].map(([workload, row]) => section(workload, row)).join("\n")}`;
}

const underRestricted = `## Under \`seccomp_profile = "restricted"\`

The same, with the runtime's default filter as the pod's own: \`e2e/cases/workloads-seccomp.test.ts\` runs all of them again and finds the table above.
What breaks under it is elsewhere, and that test shows it, too:

| what | under \`restricted\` |
|---|---|
| \`unshare\`, and with it rootless builds and browsers' namespace sandboxes | EPERM; a browser needs \`--no-sandbox\` or \`runtime-default\` with CAP_SYS_ADMIN |
| debuggers and tracers (\`strace\`, \`gdb\`), \`perf\` | EPERM, whatever the capabilities |
| old 32-bit x86 programs that make sockets through \`socketcall\` (glibc before 2.23, musl falls back to it last) | ENOSYS |
| \`chroot\` | works as without it: with CAP_SYS_CHROOT, which containers have by default |
`;

/** The table at the top of the page: what works, without the denials. */
export function overview(rows: Map<Workload, Row>): string {
  const lines = [...rows].map(([workload, row]) => overviewLine(workload, row));
  return `| program | set-up | ${profiles.map((profile) => `\`${profile}\``).join(" | ")} |
|---|---|${profiles.map(() => "---|").join("")}
${lines.join("\n")}
`;
}

/** One workload's line of that table. */
export function overviewLine({ program, setup }: Workload, row: Row): string {
  return ["", program, setup, ...profiles.map((profile) => result(row[profile])), ""].join(" | ").trim();
}

function result({ outcome, failed }: Observation): string {
  return outcome === "works in part" ? `starts and answers, but not: ${failed.join(", ")}` : outcome;
}

function section(workload: Workload, row: Row): string {
  const { program, setup, advice, container } = workload;
  const command = (container.command ?? []).map((word) => (/[\s"$;]/.test(word) ? `'${word}'` : word)).join(" ");
  return `## ${program}: ${setup}

\`${command}\`

| profile | result | first denied | denied as well |
|---|---|---|---|
${profiles.map((profile) => denialsRow(profile, row[profile])).join("\n")}

${advice}
`;
}

function denialsRow(profile: string, observation: Observation): string {
  const [first = "nothing", ...further] = observation.denials ?? [];
  return `| \`${profile}\` | ${result(observation)} | ${first} | ${further.join("; ")} |`;
}
