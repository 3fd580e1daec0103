/** What both tools said under one policy; "" for none. */
export interface Column {
  policy: string;
  probe: Map<string, string>;
  actor: Map<string, string>;
}

/** Calls for which the kernel asks a capability, or that it may be built without: not a filter's doing alone. */
const kernelDecides = ["bpf", "kexec_load", "init_module"];

/** Renders docs/reference/seccomp-probe.md. */
export function toolsPage(columns: Column[]): string {
  return `# seccomp-probe and seccomp-actor

Written by \`e2e/cases/seccomp-probe.test.ts\` (\`UPDATE_DOCS=1\` writes it anew), which fails when reality differs.

One static program with two names, built by \`make build\`. \`seccomp-probe\` makes harmless system calls, each in a process of its own, and says which ones a filter
refuses. \`seccomp-actor\` tries what an attacker would; run it as a container's command and read it with \`kubectl logs\`. \`SECCOMP_PROFILE\` in the environment is shown in
its heading. Both exit with 0 whatever they find. \`NO_COLOR\` switches colours off.

| result of the probe | means |
|---|---|
| \`SECCOMP BLOCKED\` | EPERM, where the kernel itself answers something else |
| \`SECCOMP KILLED\` | the filter ended the process that tried |
| \`CAP-GATED\` | EPERM, which the kernel gives as well without a capability |
| \`NO SUCH CALL\` | ENOSYS: the kernel has no such call, or a filter says so that programs fall back to another |
| \`ALLOWED\` | anything else; the error shows that the kernel looked at the arguments |

Below: as root with the capabilities that containerd gives, no filter of the pod's own, x86-64.

## seccomp-probe

${table(columns, "probe")}
## seccomp-actor

${table(columns, "actor")}`;
}

function table(columns: Column[], tool: "probe" | "actor"): string {
  const names = [...(columns[0]?.[tool].keys() ?? [])];
  const rows = names.map((name) => `| ${[name, ...columns.map((column) => cell(column[tool], name))].join(" | ")} |`);
  const heads = columns.map(({ policy }) => (policy === "" ? "no policy" : `\`${policy}\``));
  return `| | ${heads.join(" | ")} |\n|---|${"---|".repeat(columns.length)}\n${rows.join("\n")}\n`;
}

function cell(results: Map<string, string>, name: string): string {
  const isKernels = kernelDecides.some((call) => name.startsWith(call));
  return isKernels ? "refused (capability or kernel)" : (results.get(name) ?? "");
}
