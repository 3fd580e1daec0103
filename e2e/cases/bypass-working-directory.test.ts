import { describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { busyboxWith } from "../stack/images/recipes.ts";
import { runProbe } from "../stack/probe.ts";

// The pod names the working directory, and the profile workspace lets a container write in it. So it must not become a
// way to name what the profile keeps: a directory that the pod controls is judged by where it really is.

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

const forbidden = (
  "/ /etc /usr /usr/src /usr/local /bin /var /var/lib /run /proc /proc/1 /proc/self/root/etc /sys /dev /home " +
  "/nono /nono/profiles /run/secrets /links/etc /links/root /links/up /links/proc /app/../etc //etc /etc/."
).split(" ");

test("no place of the system or of the sandbox is opened as working directory", async ({ node, runSandboxedPod }) => {
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
  const probe = { image: await node.importImage(image), operations: Object.keys(closed) };
  const pod = await runSandboxedPod(workspace);
  for (const [index, workingDir] of forbidden.entries()) {
    expect(await runProbe(pod, { ...probe, name: `probe-${index}`, workingDir }), workingDir).toEqual(closed);
  }
});

test("a working directory under /proc/self/fd is refused (CVE-2024-21626)", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod(workspace);
  for (const descriptor of [3, 5, 7, 8, 9]) {
    const workingDir = `/proc/self/fd/${descriptor}`;
    const started = runProbe(pod, { name: `probe-${descriptor}`, workingDir, operations: ["cwd"] });
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
  test.for([
    { profile: "workspace", write: "ok" },
    { profile: "default", write: "EACCES" },
  ])("is the workload's own under $profile: write $write", async ({ profile, write }, { node, runSandboxedPod }) => {
    const answers = {
      [`read:${workingDir}/file`]: "ok",
      [`create:${planted}`]: write,
      "create:/etc/planted": "EACCES",
      "read:/etc/shadow": "EACCES",
    };
    const pod = await runSandboxedPod({ annotations: { "nono.sh/profile": profile } });
    const probe = { image: await node.importImage(image), workingDir, operations: Object.keys(answers) };
    expect(await runProbe(pod, probe)).toEqual(answers);
  });
});

test("a home as working directory is open without its secrets", async ({ node, runSandboxedPod }) => {
  const answers = {
    "read:/home/user/.bashrc": "ok",
    "read:/home/user/.ssh/id": "EACCES",
    "create:/home/user/.ssh/planted": "EACCES",
    // Landlock's right to list a directory reaches everything below it: names are visible, contents are not.
    "list:/home/user/.ssh": "id",
  };
  const probe = { image: await node.importImage(image), workingDir: "/home/user", runAsUser: 1000 };
  const pod = await runSandboxedPod(workspace);
  expect(await runProbe(pod, { ...probe, operations: Object.keys(answers) })).toEqual(answers);
});

test("root's home is forbidden ground for other users", async ({ node, runSandboxedPod }) => {
  const open = busyboxWith("root-open", [
    { path: "root", directory: true, mode: 0o777 },
    { path: "root/open", content: "root's\n" },
  ]);
  const answers = { "read:/root/open": "EACCES", "create:/root/planted": "EACCES" };
  const probe = { image: await node.importImage(open), workingDir: "/root", runAsUser: 1000 };
  const pod = await runSandboxedPod(workspace);
  expect(await runProbe(pod, { ...probe, operations: Object.keys(answers) })).toEqual(answers);
});
