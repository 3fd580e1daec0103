import { describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { busyboxWith } from "../stack/images/recipes.ts";
import type { RootfsEntry } from "../stack/images/rootfs.ts";
import { runProbe } from "../stack/probe.ts";

// $HOME of a profile is the passwd home of the container's user, and passwd is the image's. python-dev lets a
// workload write there.

const test = testWithPlugin();

const developer = { annotations: { "nono.sh/profile": "python-dev" } };

function withHome(name: string, home: string, entries: RootfsEntry[] = []): ReturnType<typeof busyboxWith> {
  return busyboxWith(`home-${name}`, [
    { path: "etc/passwd", content: `root:x:0:0:root:${home}:/bin/sh\nuser:x:1000:1000::${home}:/bin/sh\n` },
    { path: "secret/file", content: "secret\n" },
    { path: "run/secrets/token", content: "token\n" },
    { path: "home/user/.ssh/id", content: "key\n", uid: 1000 },
    { path: "home/user/.bashrc", content: "mine\n", uid: 1000 },
    ...entries,
  ]);
}

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

const homes: [name: string, home: string, entries?: RootfsEntry[]][] = [
  ["root-directory", "/"],
  ["etc", "/etc"],
  ["usr", "/usr"],
  ["homes", "/home"],
  ["var", "/var"],
  ["proc", "/proc/1/root"],
  ["nono", "/nono"],
  ["token", "/run/secrets"],
  ["dots", "/home/user/../../etc"],
  ["relative", "etc"],
  ["empty", ""],
  ["link-etc", "/link", [{ path: "link", symlink: "/etc" }]],
  ["link-root", "/link", [{ path: "link", symlink: "/" }]],
  ["link-up", "/link", [{ path: "link", symlink: "../../.." }]],
  ["link-proc", "/link", [{ path: "link", symlink: "/proc/self/root" }]],
  ["variable", "$HOME"],
  ["star", "/*"],
];

describe.each(homes)("a passwd home %s (%s)", (name, home, entries) => {
  test.for([0, 1000])("opens nothing for uid %i", async (runAsUser, { node, runSandboxedPod }) => {
    const image = await node.importImage(withHome(name, home, entries));
    const answers = await runProbe(await runSandboxedPod(developer), {
      image,
      runAsUser,
      operations: Object.keys(closed),
    });
    expect(answers).toEqual(closed);
  });
});

test("an honest home is open, without its secrets", async ({ node, runSandboxedPod }) => {
  const expected = {
    ...closed,
    "read:/home/user/.bashrc": "ok",
    "read:/home/user/.ssh/id": "EACCES",
    "create:/home/user/.ssh/planted": "EACCES",
  };
  const image = await node.importImage(withHome("honest", "/home/user"));
  const answers = await runProbe(await runSandboxedPod(developer), {
    image,
    runAsUser: 1000,
    operations: Object.keys(expected),
  });
  expect(answers).toEqual(expected);
});

test("root's home is nothing to another user, though passwd says it is his", async ({ node, runSandboxedPod }) => {
  const image = await node.importImage(
    withHome("roots", "/root", [
      { path: "root", directory: true, mode: 0o777 },
      { path: "root/file", content: "root's\n" },
    ]),
  );
  const operations = ["read:/root/file", "create:/root/planted"];
  const probe = { image, operations };
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
  ["a symlink", { path: "etc/passwd", symlink: "/proc/self/environ" }],
  ["a directory", { path: "etc/passwd", directory: true }],
  ["huge", { path: "etc/passwd", content: "x".repeat(20 * 1024 * 1024) }],
  ["binary", { path: "etc/passwd", content: Buffer.from([0, 255, 10, 58, 58, 58, 58, 58, 58, 0]).toString("latin1") }],
] satisfies [string, RootfsEntry][])("a passwd that is %s", (kind, entry) => {
  test("opens nothing and holds up nothing but itself", async ({ node, runSandboxedPod }) => {
    const image = await node.importImage(busyboxWith(`passwd-${kind.replaceAll(" ", "-")}`, [entry]));
    const pod = await runSandboxedPod(developer);
    const { exitCode, stdout } = await pod.complete({
      name: "main",
      image,
      runAsUser: 0,
      command: ["cat", "/etc/shadow"],
    });
    expect(exitCode).not.toBe(0);
    expect(stdout).toBe("");
  });
});
