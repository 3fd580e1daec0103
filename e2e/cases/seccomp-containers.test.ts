import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { buildTrial } from "../bare-root/binaries.ts";
import { test, type NodeFixtures } from "../fixtures.ts";
import { podFilters } from "../seccomp/pod-filters.ts";
import { sampleCalls, type SampledCall } from "../seccomp/sampled-calls.ts";
import { images } from "../stack/images/recipes.ts";
import { PluginProcess } from "../stack/plugin/process.ts";

// Of every call, the kernel refuses in a real container what the pod's own filter or our policy refuses, and nothing else.

const EPERM = 1;
const ENOSYS = 38;
const ALL_CAPABILITIES = (1n << 64n) - 1n;
const FILTERS = [
  "none",
  "runtime-default",
  "localhost, a few calls forbidden",
  "localhost, a list of allowed calls",
  "localhost, another errno",
];
/** What the intersection can be written down of; the others get ours from the launcher. */
const SPEAKABLE = ["runtime-default", "localhost, a list of allowed calls"];

interface Answers {
  errnos: number[];
  filters: number;
  capabilities: bigint;
}

/** Makes the calls in a sandboxed container with this filter of its own, under the plugin's policy. */
async function answers(
  { node, runPod }: NodeFixtures,
  policy: string,
  filter: string,
  calls: readonly SampledCall[],
): Promise<Answers> {
  const plugin = await PluginProcess.start(node.directories, { seccomp_profile: policy });
  try {
    const pod = await runPod({
      runtimeHandler: "nono-runc",
      annotations: { "nono.sh/profile": "workspace" },
      volumes: [{ name: "work", kind: "emptyDir" }],
    });
    const work = pod.volumePath("work");
    copyFileSync(await buildTrial(), join(work, "trial"));
    chmodSync(join(work, "trial"), 0o755);
    writeFileSync(join(work, "calls"), calls.map(({ call }) => `${call}\n`).join(""));
    const seccomp = podFilters(node.directories.run)[filter];
    const { exitCode, stdout, stderr } = await pod.complete({
      name: "main",
      image: images.busybox,
      ...(seccomp !== undefined && { seccomp }),
      volumeMounts: [{ name: "work", mountPath: "/work" }],
      command: [
        "sh",
        "-c",
        "grep -E '^(CapBnd|Seccomp_filters):' /proc/self/status; exec /work/trial calls /work/calls",
      ],
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const [, capabilities = "", filters, errnos = ""] =
      /^CapBnd:\s*(\w+)\nSeccomp_filters:\s*(\d+)\n([\d ]+)\n$/.exec(stdout) ?? [];
    return {
      errnos: errnos.split(" ").map(Number),
      filters: Number(filters),
      capabilities: BigInt(`0x${capabilities}`),
    };
  } finally {
    await plugin.stop();
  }
}

describe.each(["runtime-default", "restricted", "original-restricted"])("seccomp_profile = %j", (policy) => {
  test.for(FILTERS)("the container's own filter: %s", async (filter, { node, runPod }) => {
    const fixtures = { node, runPod };
    const { runtimeVersion } = await node.cri.version();
    const isShown = !runtimeVersion.startsWith("v2.2.") && SPEAKABLE.includes(filter);
    const calls = await sampleCalls(policy, 0n);
    const plain = await answers(fixtures, "", "none", calls);
    const own = await answers(fixtures, "", filter, calls);
    const both = await answers(fixtures, policy, filter, calls);
    expect(both.errnos).toHaveLength(calls.length);
    expect(both.filters - own.filters).toBe(isShown ? 0 : 1);

    // What depends on capabilities, the filter that the runtime showed has decided.
    const held = isShown ? ALL_CAPABILITIES : both.capabilities;
    const verdicts = await sampleCalls(policy, held);
    const different = verdicts.flatMap(({ call, errno, name }, index) => {
      const [got = 0, alone = 0, without] = [both.errnos[index], own.errnos[index], plain.errnos[index]];
      // Calls that nobody knows get ENOSYS of runc.
      const refusals = [errno, ENOSYS, ...(alone === without ? [] : [alone])];
      // The launcher's own question, whether its filter is in force.
      if (name === "execve") return [];
      const isRight = errno === 0 ? got === alone : refusals.includes(got);
      return isRight ? [] : [`${name} (${call}): ${got}; the pod's own ${alone}, none ${without}, ours ${errno}`];
    });
    expect(different).toEqual([]);
    const telling = verdicts.filter(({ errno }, index) => errno !== 0 && own.errnos[index] !== errno);
    expect(telling.length).toBeGreaterThan(filter === "none" ? 30 : 0);
    expect(verdicts.filter(({ errno }) => errno === 0).length).toBeGreaterThan(200);
    expect(both.errnos.filter((errno) => errno === EPERM).length).toBeGreaterThan(30);
  });
});
