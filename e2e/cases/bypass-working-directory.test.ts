import { describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { busyboxWith } from "../stack/images/recipes.ts";
import { runProbe } from "../stack/probe.ts";

// The pod names the working directory, and the profile workspace lets a container write in it. So it must not become a
// way to name what the profile keeps (design decision: what the pod controls is judged by its real path).

const test = testWithPlugin();

const image = busyboxWith("working", [
  { path: "app/file", content: "mine\n" },
  { path: "usr/src/app/file", content: "mine\n" },
  { path: "var/lib/app/file", content: "mine\n" },
  { path: "links/etc", symlink: "/etc" },
  { path: "links/root", symlink: "/" },
  { path: "links/up", symlink: "../usr" },
  { path: "links/proc", symlink: "/proc/1/root/etc" },
  { path: "links/app", symlink: "/app" },
  { path: "root/.ssh/id", content: "key\n" },
  { path: "root/work/file", content: "mine\n" },
  { path: "home/user/.ssh/id", content: "key\n", uid: 1000 },
  { path: "home/user/.bashrc", content: "mine\n", uid: 1000 },
  { path: "run/secrets/token", content: "token\n" },
]);
const workspace = { annotations: { "nono.sh/profile": "workspace" } };

describe.each([
  "/",
  "/etc",
  "/usr",
  "/usr/src",
  "/usr/local",
  "/bin",
  "/var",
  "/var/lib",
  "/run",
  "/proc",
  "/proc/1",
  "/proc/self/root/etc",
  "/sys",
  "/dev",
  "/home",
  "/nono",
  "/nono/profiles",
  "/run/secrets",
  "/links/etc",
  "/links/root",
  "/links/up",
  "/links/proc",
  "/app/../etc",
  "//etc",
  "/etc/.",
])("working directory %s", (workingDir) => {
  test("opens nothing", async ({ node, runSandboxedPod }) => {
    const pod = await runSandboxedPod(workspace);
    const closed = {
      "read:/etc/shadow": "EACCES",
      "read:/run/secrets/token": "EACCES",
      "read:/root/.ssh/id": "EACCES",
      "read:/home/other/private": "EACCES",
      "create:/etc/planted": "EACCES",
      "create:/usr/planted": "EACCES",
      "create:/usr/src/planted": "EACCES",
      "create:/bin/planted": "EACCES",
      "create:/var/lib/planted": "EACCES",
      "create:/run/planted": "EACCES",
      "create:/home/planted": "EACCES",
      "create:/world/planted": "EACCES",
      "list:/": "EACCES",
      "list:/nono": "EACCES",
    };
    const outcome = await settle(
      runProbe(pod, { image: await node.importImage(image), workingDir, operations: Object.keys(closed) }),
    );
    // The runtime itself refuses some of them; none of them may start with more than the profile gives.
    expect(outcome.kind === "started" ? outcome.answers : closed).toEqual(closed);
    expect(outcome.kind === "refused" ? refusedByRuntime : [...refusedByRuntime, "started"]).toContain(
      outcome.kind === "refused" ? workingDir : "started",
    );
  });
});

// runc (CVE-2024-21626): a working directory that is not inside the container's root after resolution.
const refusedByRuntime = ["/proc/self/root/etc", "/links/proc"];

test("a working directory under /proc/self/fd is refused (CVE-2024-21626)", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod(workspace);
  for (const descriptor of [3, 5, 7, 8, 9]) {
    const started = runProbe(pod, {
      name: `fd-${descriptor}`,
      workingDir: `/proc/self/fd/${descriptor}`,
      operations: ["cwd"],
    });
    await expect(started).rejects.toThrow(/working directory|cwd|no such file|not a directory|chdir/i);
  }
});

describe.each([
  { workingDir: "/app", planted: "/app/planted" },
  { workingDir: "/usr/src/app", planted: "/usr/src/app/planted" },
  { workingDir: "/var/lib/app", planted: "/var/lib/app/planted" },
  { workingDir: "/links/app", planted: "/app/planted" },
  { workingDir: "/root/work", planted: "/root/work/planted" },
])("working directory $workingDir", ({ workingDir, planted }) => {
  test("is the workload's own under workspace", async ({ node, runSandboxedPod }) => {
    const operations = { [`create:${planted}`]: "ok", "create:/etc/planted": "EACCES", "read:/etc/shadow": "EACCES" };
    const pod = await runSandboxedPod(workspace);
    expect(
      await runProbe(pod, { image: await node.importImage(image), workingDir, operations: Object.keys(operations) }),
    ).toEqual(operations);
  });

  test("is read-only under default", async ({ node, runSandboxedPod }) => {
    const operations = { [`create:${planted}`]: "EACCES", [`read:${workingDir}/file`]: "ok" };
    const pod = await runSandboxedPod({});
    expect(
      await runProbe(pod, { image: await node.importImage(image), workingDir, operations: Object.keys(operations) }),
    ).toEqual(operations);
  });
});

test("a home as working directory is open without its secrets, for its owner only", async ({
  node,
  runSandboxedPod,
}) => {
  const probe = { image: await node.importImage(image), workingDir: "/home/user" };
  const own = {
    "read:/home/user/.bashrc": "ok",
    "read:/home/user/.ssh/id": "EACCES",
    "list:/home/user/.ssh": "EACCES",
  };
  expect(
    await runProbe(await runSandboxedPod(workspace), { ...probe, runAsUser: 1000, operations: Object.keys(own) }),
  ).toEqual(own);
});

test("root's home is forbidden ground for other users", async ({ node, runSandboxedPod }) => {
  const operations = { "read:/root/open": "EACCES", "create:/root/planted": "EACCES" };
  const open = busyboxWith("root-open", [
    { path: "root", directory: true, mode: 0o777 },
    { path: "root/open", content: "root's\n" },
  ]);
  const pod = await runSandboxedPod(workspace);
  const probe = { image: await node.importImage(open), workingDir: "/root", runAsUser: 1000 };
  expect(await runProbe(pod, { ...probe, operations: Object.keys(operations) })).toEqual(operations);
});

type Outcome = { kind: "started"; answers: Record<string, string> } | { kind: "refused"; reason: string };

async function settle(probe: Promise<Record<string, string>>): Promise<Outcome> {
  try {
    return { kind: "started", answers: await probe };
  } catch (error) {
    return { kind: "refused", reason: String(error) };
  }
}
