import { beforeAll, describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { referencePage } from "../reference-page.ts";
import { nodeName } from "../setup.ts";
import { importImages } from "../stack/images/import.ts";
import { images } from "../stack/images/recipes.ts";
import { TestNode } from "../stack/node.ts";
import { FirstProcesses } from "../workloads/first-processes.ts";
import { workloadImage } from "../workloads/image.ts";
import { observe, type UserIds } from "../workloads/observe.ts";
import { overviewLine, profiles, type Row } from "../workloads/page.ts";
import { workloads } from "../workloads/workloads.ts";

// What works under the built-in profiles works under the strictest seccomp policy, too, and what that breaks is known.

const test = testWithPlugin({ seccomp_profile: "restricted" });
const users = new Map<string, UserIds>();
let processes: FirstProcesses;

beforeAll(async () => {
  const node = await TestNode.connect(nodeName);
  await importImages(node.directories, node.cri, [workloadImage]);
  processes = await FirstProcesses.watch(node.directories);
  node.disconnect();
  return () => processes.stop();
});

test("the image has the users of Debian's packages", async ({ runPod }) => {
  const pod = await runPod({});
  const command = ["cat", "/etc/passwd"];
  const { stdout } = await pod.complete({ name: "passwd", image: workloadImage.reference, command });
  for (const line of stdout.split("\n")) {
    const [name = "", , uid, gid] = line.split(":");
    users.set(name, { runAsUser: Number(uid), runAsGroup: Number(gid) });
  }
  expect(users.size).toBeGreaterThan(10);
});

describe.each(workloads)("$program $setup", (workload) => {
  test("does under each profile what docs/reference/workloads.md says", async ({ node: { cri }, runSandboxedPod }) => {
    const row: Partial<Row> = {};
    for (const profile of profiles) {
      const pod = await runSandboxedPod({ ...workload.pod, annotations: { "nono.sh/profile": profile } });
      const container = { ...workload.container, seccomp: "RuntimeDefault" } as const;
      row[profile] = await observe(pod, { ...workload, container }, { cri, users, processes });
    }
    const { default: byDefault, workspace, strict } = row;
    if (byDefault === undefined || workspace === undefined || strict === undefined) throw new Error("not observed");
    expect(referencePage("workloads.md").split("\n")).toContain(
      overviewLine(workload, { default: byDefault, workspace, strict }),
    );
  });
});

describe("what restricted does to", () => {
  test.for([
    ["a new user namespace", "unshare -U true", 1, /unshare.*Operation not permitted/],
    ["chroot", "chroot / /bin/true", 0, /^$/],
  ] as const)("%s", async ([, script, exitCode, stderr], { runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    const command = ["sh", "-c", script];
    const ended = await pod.complete({ name: "main", image: images.busybox, command });
    expect(ended.exitCode).toBe(exitCode);
    expect(ended.stderr).toMatch(stderr);
  });
});
