import { describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { busyboxWith } from "../stack/images/recipes.ts";
import type { RootfsEntry } from "../stack/images/rootfs.ts";
import { runProbe } from "../stack/probe.ts";

// $HOME of a profile is the passwd home of the container's user, and passwd is the image's. python-dev lets a
// workload write there.

const test = testWithPlugin();

const developer = { annotations: { "nono.sh/profile": "python-dev" } };

const entries: RootfsEntry[] = [
  { path: "secret/file", content: "secret\n" },
  { path: "run/secrets/token", content: "token\n" },
  { path: "home/user/.ssh/id", content: "key\n", uid: 1000 },
  { path: "home/user/.bashrc", content: "mine\n", uid: 1000 },
  { path: "links/etc", symlink: "/etc" },
  { path: "links/root", symlink: "/" },
  { path: "links/up", symlink: "../../.." },
  { path: "links/proc", symlink: "/proc/self/root" },
];

const closed = {
  "read:/etc/shadow": "EACCES",
  "read:/secret/file": "EACCES",
  "read:/run/secrets/token": "EACCES",
  "read:/home/other/private": "EACCES",
  "create:/etc/planted": "EACCES",
  "create:/usr/planted": "EACCES",
  "create:/home/planted": "EACCES",
  "create:/world/planted": "EACCES",
  "list:/": "EACCES",
  "list:/nono": "EACCES",
};
const operations = Object.keys(closed);

const forbidden = [
  "/",
  "//",
  "/.",
  "/etc",
  "/usr",
  "/home",
  "/var",
  "/proc/1/root",
  "/nono",
  "/run/secrets",
  "/home/user/../../etc",
  "etc",
  ".",
  "",
  "/links/etc",
  "/links/root",
  "/links/up",
  "/links/proc",
  "$HOME",
  "/*",
];

test("no passwd home opens a place of the system or of another user", async ({ node, runSandboxedPod }) => {
  const users = forbidden.map((home, index) => `user${index}:x:${2000 + index}:${2000 + index}::${home}:/bin/sh\n`);
  const passwd = { path: "etc/passwd", content: `root:x:0:0:root:/root:/bin/sh\n${users.join("")}` };
  const image = await node.importImage(busyboxWith("homes", [...entries, passwd]));
  const pod = await runSandboxedPod(developer);
  for (const [index, home] of forbidden.entries()) {
    const answers = await runProbe(pod, { name: `probe-${index}`, image, runAsUser: 2000 + index, operations });
    expect(answers, `home ${JSON.stringify(home)}`).toEqual(closed);
  }
});

test.for([
  ["root", "/"],
  ["etc", "/etc"],
  ["link", "/links/root"],
] as const)("nor does %s, %s, as the home of root", async ([name, home], { node, runSandboxedPod }) => {
  const passwd = { path: "etc/passwd", content: `root:x:0:0:root:${home}:/bin/sh\n` };
  const image = await node.importImage(busyboxWith(`home-of-root-${name}`, [...entries, passwd]));
  expect(await runProbe(await runSandboxedPod(developer), { image, operations })).toEqual(closed);
});

test("an honest home is open, without its secrets", async ({ node, runSandboxedPod }) => {
  const answers = {
    ...closed,
    "read:/home/user/.bashrc": "ok",
    "read:/home/user/.ssh/id": "EACCES",
    "create:/home/user/.ssh/planted": "EACCES",
  };
  const image = await node.importImage(busyboxWith("home-honest", entries));
  const probe = { image, runAsUser: 1000, operations: Object.keys(answers) };
  expect(await runProbe(await runSandboxedPod(developer), probe)).toEqual(answers);
});

test("root's home is nothing to another user, though passwd says it is his", async ({ node, runSandboxedPod }) => {
  const image = await node.importImage(
    busyboxWith("home-roots", [
      { path: "etc/passwd", content: "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/root:/bin/sh\n" },
      { path: "root", directory: true, mode: 0o777 },
      { path: "root/file", content: "root's\n" },
    ]),
  );
  const probe = { image, operations: ["read:/root/file", "create:/root/planted"] };
  expect(await runProbe(await runSandboxedPod(developer), { ...probe, runAsUser: 1000 })).toEqual({
    "read:/root/file": "EACCES",
    "create:/root/planted": "EACCES",
  });
  expect(await runProbe(await runSandboxedPod(developer), probe)).toEqual({
    "read:/root/file": "ok",
    "create:/root/planted": "ok",
  });
});

describe.each([
  ["symlink", { path: "etc/passwd", symlink: "/proc/self/environ" }],
  ["directory", { path: "etc/passwd", directory: true }],
  ["huge", { path: "etc/passwd", content: "x".repeat(20 * 1024 * 1024) }],
  ["binary", { path: "etc/passwd", content: Buffer.from("00ff0a3a3a3a3a3a3a00", "hex").toString("latin1") }],
] satisfies [string, RootfsEntry][])("a passwd that is a %s", (kind, entry) => {
  test("opens nothing", async ({ node, runSandboxedPod }) => {
    const image = await node.importImage(busyboxWith(`passwd-${kind}`, [entry]));
    const container = { name: "main", image, command: ["cat", "/etc/shadow"] };
    // containerd reads passwd as well and refuses some of them itself.
    const { stdout, stderr } = await (
      await runSandboxedPod(developer)
    )
      .complete(container)
      .catch((error: unknown) => ({ stdout: "", stderr: String(error) }));
    expect(stdout).toBe("");
    expect(stderr).toMatch(/\/etc\/shadow': Permission denied|failed to create containerd container/);
  });
});
