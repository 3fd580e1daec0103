import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { test, type NodeFixtures } from "../fixtures.ts";
import { expectReferencePage } from "../reference-page.ts";
import { actorResults, probeResults } from "../seccomp/probe-table.ts";
import { toolsPage, type Column } from "../seccomp/tools-page.ts";
import { cache } from "../stack/directories.ts";
import { images } from "../stack/images/recipes.ts";
import { PluginProcess } from "../stack/plugin/process.ts";

// seccomp-probe and seccomp-actor as users run them: as commands of containers, one under each policy.

const policies = ["", "runtime-default", "restricted"] as const;
const programs = ["seccomp-probe", "seccomp-actor"] as const;

async function columnOf(policy: string, { node, runPod }: NodeFixtures): Promise<Column> {
  const plugin = await PluginProcess.start(node.directories, { seccomp_profile: policy });
  try {
    const outputs = [];
    for (const program of programs) {
      const pod = await runPod({
        runtimeHandler: "nono-runc",
        annotations: { "nono.sh/profile": "workspace" },
        volumes: [{ name: "tools", kind: "emptyDir" }],
      });
      const path = join(pod.volumePath("tools"), program);
      copyFileSync(join(cache, "bin", program), path);
      chmodSync(path, 0o755);
      const { exitCode, stdout, stderr } = await pod.complete({
        name: "main",
        image: images.busybox,
        volumeMounts: [{ name: "tools", mountPath: "/tools" }],
        env: [
          { name: "NO_COLOR", value: "1" },
          { name: "SECCOMP_PROFILE", value: policy || "none" },
        ],
        command: [`/tools/${program}`],
      });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      outputs.push(stdout);
    }
    const [probe = "", actor = ""] = outputs;
    expect(actor).toContain(`profile ${policy || "none"}\n`);
    return { policy, probe: probeResults(probe), actor: actorResults(actor) };
  } finally {
    await plugin.stop();
  }
}

test("their tables", async ({ node, runPod }) => {
  const columns: Column[] = [];
  for (const policy of policies) {
    columns.push(await columnOf(policy, { node, runPod }));
  }
  const [none, , restricted] = columns;
  expect(none?.probe.size).toBeGreaterThan(20);
  expect([...(none?.probe.values() ?? [])].filter((result) => result === "ALLOWED").length).toBeGreaterThan(15);
  expect([...(restricted?.actor.values() ?? [])]).not.toContain("ALLOWED");
  expectReferencePage("seccomp-probe.md", toolsPage(columns));
});
