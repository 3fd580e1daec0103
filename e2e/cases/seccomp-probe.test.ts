import { chmodSync, copyFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect } from "vitest";
import { test, type NodeFixtures } from "../fixtures.ts";
import { expectReferenceRegion } from "../reference-page.ts";
import { cache } from "../stack/directories.ts";
import { images } from "../stack/images/recipes.ts";
import type { ContainerSpec } from "../stack/kubelet/pod-spec.ts";
import { PluginProcess } from "../stack/plugin/process.ts";

// seccomp-probe and seccomp-actor as a pod's command, under each policy: the tables of docs/reference/seccomp.md.

interface Column {
  readonly title: string;
  readonly policy: string;
  readonly own?: ContainerSpec["seccomp"];
}

const columns: readonly Column[] = [
  { title: "unconfined", policy: "" },
  { title: "the runtime's default filter", policy: "", own: "RuntimeDefault" },
  { title: "unconfined, `runtime-default`", policy: "runtime-default" },
  { title: "unconfined, `restricted`", policy: "restricted" },
  { title: "the runtime's default filter, `restricted`", policy: "restricted", own: "RuntimeDefault" },
];

const UNFILTERED = 0;

/** What a line says, in words that do not depend on the kernel's configuration. */
const WORDS: Readonly<Record<string, string>> = {
  "SECCOMP BLOCKED": "**blocked**",
  BLOCKED: "**blocked**",
  ALLOWED: "passes",
  "CAP-GATED": "refused",
  CAPGATED: "refused",
  "NO SUCH CALL": "refused",
};

async function output({ node, runPod }: NodeFixtures, program: string, { policy, own }: Column): Promise<string[]> {
  const plugin = await PluginProcess.start(node.directories, { seccomp_profile: policy });
  try {
    const pod = await runPod({
      runtimeHandler: "nono-runc",
      annotations: { "nono.sh/profile": "workspace" },
      volumes: [{ name: "work", kind: "emptyDir" }],
    });
    const work = pod.volumePath("work");
    copyFileSync(join(cache, "bin/seccomp-probe"), join(work, "seccomp-probe"));
    chmodSync(join(work, "seccomp-probe"), 0o755);
    symlinkSync("seccomp-probe", join(work, "seccomp-actor"));
    const { exitCode, stdout, stderr } = await pod.complete({
      name: "main",
      image: images.busybox,
      ...(own !== undefined && { seccomp: own }),
      volumeMounts: [{ name: "work", mountPath: "/work" }],
      command: [`/work/${program}`],
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    return stripVTControlCharacters(stdout).split("\n");
  } finally {
    await plugin.stop();
  }
}

/** Rows of a table: what `read` finds in a line, and what it says under each column. */
function tableOf(found: readonly (readonly [subject: string, result: string][])[], head: string): string {
  const [first = []] = found;
  const rows = first.map(([subject], index) => {
    const cells = found.map((lines, column) => {
      const [same, result = ""] = lines[index] ?? [];
      expect(same).toBe(subject);
      // Where there is no filter, none blocks: the kernel has no such call, or wants a capability.
      return result === "BLOCKED" && column === UNFILTERED ? "refused" : (WORDS[result] ?? result);
    });
    return `| ${[subject, ...cells].join(" | ")} |`;
  });
  const titles = [head, ...columns.map(({ title }) => title)];
  return [`| ${titles.join(" | ")} |`, `|${titles.map(() => "---|").join("")}`, ...rows].join("\n");
}

test("seccomp-probe under each policy", async ({ node, runPod }) => {
  const found: [string, string][][] = [];
  for (const column of columns) {
    const lines = await output({ node, runPod }, "seccomp-probe", column);
    found.push(
      lines.flatMap((line): [string, string][] => {
        const [, call = "", result = ""] = /^ {2}(\w+) +([A-Z-]+(?: [A-Z]+)*?) {2,}/.exec(line) ?? [];
        return call === "" ? [] : [[`\`${call}\``, result]];
      }),
    );
  }
  expect(found[0]).toHaveLength(22);
  expectReferenceRegion("seccomp.md", "seccomp-probe", tableOf(found, "call"));
});

test("seccomp-actor under each policy", async ({ node, runPod }) => {
  const found: [string, string][][] = [];
  for (const column of columns) {
    const lines = await output({ node, runPod }, "seccomp-actor", column);
    found.push(
      lines.flatMap((line): [string, string][] => {
        const [, result = "", attempt = ""] = /^ {2}([A-Z]+) +(\S.*?) {2,}/.exec(line) ?? [];
        return attempt === "" ? [] : [[attempt, result]];
      }),
    );
  }
  expect(found[0]).toHaveLength(12);
  expectReferenceRegion("seccomp.md", "seccomp-actor", tableOf(found, "attempt"));
});
