import { describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { busyboxWith } from "../stack/images/recipes.ts";
import type { RootfsEntry } from "../stack/images/rootfs.ts";

// The image ships something at /nono or beside it. Our mount covers it, or the container does not start.

const test = testWithPlugin();

const fakeLauncher = '#!/bin/sh\nshift 4\nexec "$@"\n';
const everything = JSON.stringify({ version: "0.1.0", filesystem: { grants: [{ path: "/", access: "readwrite" }] } });
const fake = (directory: string): RootfsEntry[] => [
  { path: `${directory}/nono`, content: fakeLauncher, mode: 0o755 },
  { path: `${directory}/profiles/default.json`, content: everything },
];

const images: [what: string, entries: RootfsEntry[], outcome: "confined" | "refused"][] = [
  ["a directory with a launcher and profiles of its own", fake("nono"), "confined"],
  ["a link to such a directory", [...fake("fake"), { path: "nono", symlink: "/fake" }], "refused"],
  ["a relative link to such a directory", [...fake("fake"), { path: "nono", symlink: "fake" }], "refused"],
  ["a link to a writable directory", [...fake("tmp"), { path: "nono", symlink: "/tmp" }], "refused"],
  ["a link to /proc/self", [{ path: "nono", symlink: "/proc/self" }], "refused"],
  ["a link to /proc/self/root", [...fake("fake"), { path: "nono", symlink: "/proc/self/root" }], "refused"],
  ["a link to itself", [{ path: "nono", symlink: "nono" }], "refused"],
  ["a file", [{ path: "nono", content: fakeLauncher, mode: 0o755 }], "refused"],
  ["a device", [{ path: "nono", device: { major: 1, minor: 3 } }], "refused"],
];

describe.each(images)("an image where /nono is %s", (what, entries, outcome) => {
  test(`is ${outcome}`, async ({ node, runSandboxedPod }) => {
    const image = await node.importImage(busyboxWith(`nono-${what.replaceAll(/[^a-z]+/g, "-")}`, entries));
    const pod = await runSandboxedPod({});
    const script = "cat /etc/shadow; touch /world/planted; echo ran";
    const result = await run(() => pod.complete({ name: "main", image, command: ["sh", "-c", script] }));
    expect(result.stdout).not.toContain("root:");
    if (outcome === "confined") {
      expect(result).toMatchObject({ exitCode: 0, stdout: "ran\n" });
      expect(result.stderr).toContain("can't open '/etc/shadow': Permission denied");
      expect(result.stderr).toContain("touch: /world/planted: Permission denied");
    } else {
      expect(result.exitCode).not.toBe(0);
      expect(result.stdout).toBe("");
    }
  });
});

interface Result {
  exitCode: number;
  stdout: string;
  stderr: string;
}

// A container that the runtime or the launcher does not start.
async function run(start: () => Promise<Result>): Promise<Result> {
  try {
    return await start();
  } catch (error) {
    return { exitCode: -1, stdout: "", stderr: String(error) };
  }
}
