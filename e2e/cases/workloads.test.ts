import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { expectReferencePage, referencePage } from "../reference-page.ts";
import { nodeName } from "../setup.ts";
import { importImages } from "../stack/images/import.ts";
import { TestNode } from "../stack/node.ts";
import { AuditTrail } from "../workloads/audit-trail.ts";
import { FirstProcesses } from "../workloads/first-processes.ts";
import { workloadImage } from "../workloads/image.ts";
import { observe, type UserIds } from "../workloads/observe.ts";
import { overview, profiles, type Row, workloadsPage } from "../workloads/page.ts";
import { type Workload, workloads } from "../workloads/workloads.ts";

// Ordinary programs under the built-in profiles: what works, and what was denied.

const test = testWithPlugin();
const observed = new Map<Workload, Partial<Row>>();
const users = new Map<string, UserIds>();
let directory: string;
let audit: AuditTrail | { unavailable: string };
let processes: FirstProcesses;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-workloads-"));
  const node = await TestNode.connect(nodeName);
  await importImages(node.directories, node.cri, [workloadImage]);
  processes = await FirstProcesses.watch(node.directories);
  node.disconnect();
  audit = await AuditTrail.start(directory);
  if ("unavailable" in audit) {
    console.warn(`comparison of denials: not run: ${audit.unavailable}`);
  }
});

afterAll(async () => {
  processes.stop();
  if (audit instanceof AuditTrail) {
    await audit.stop();
  }
  rmSync(directory, { recursive: true, force: true });
});

test("the image has the users of Debian's packages", async ({ runPod }) => {
  const pod = await runPod({});
  const { stdout } = await pod.complete({
    name: "passwd",
    image: workloadImage.reference,
    command: ["cat", "/etc/passwd"],
  });
  for (const line of stdout.split("\n")) {
    const [name = "", , uid, gid] = line.split(":");
    users.set(name, { runAsUser: Number(uid), runAsGroup: Number(gid) });
  }
  const named = workloads.flatMap(({ user }) => user ?? []);
  expect(named.filter((user) => !users.has(user))).toEqual([]);
});

describe.each(workloads)("$program $setup", (workload) => {
  test("works without a sandbox", async ({ node: { cri }, runPod }) => {
    const pod = await runPod({ ...workload.pod });
    expect(await observe(pod, workload, { cri, users, processes })).toMatchObject({ outcome: "works" });
  });

  test.for(profiles)("is observed under %s", async (profile, { node: { cri }, runSandboxedPod }) => {
    const pod = await runSandboxedPod({ ...workload.pod, annotations: { "nono.sh/profile": profile } });
    const trail = audit instanceof AuditTrail && { audit };
    const observation = await observe(pod, workload, { cri, users, processes, ...trail });
    observed.set(workload, { ...observed.get(workload), [profile]: observation });
    // What works without a sandbox and not here must have been denied something.
    const unexplained = observation.outcome !== "works" && observation.denials?.length === 0;
    expect(unexplained ? observation : undefined).toBeUndefined();
  });
});

test("docs/reference/workloads.md says what was denied", ({ skip }) => {
  skip(!(audit instanceof AuditTrail), "not run: no audit records here");
  expectReferencePage("workloads.md", workloadsPage(completeRows()));
});

test("docs/reference/workloads.md says what works", () => {
  expect(referencePage("workloads.md")).toContain(overview(completeRows()));
});

function completeRows(): Map<Workload, Row> {
  const rows = new Map<Workload, Row>();
  for (const [workload, { default: byDefault, workspace, strict }] of observed) {
    if (byDefault === undefined || workspace === undefined || strict === undefined) {
      throw new Error(`${workload.program} ${workload.setup} was not observed under every profile`);
    }
    rows.set(workload, { default: byDefault, workspace, strict });
  }
  expect(rows.size).toBe(workloads.length);
  return rows;
}
