import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../command.ts";
import { writeOciArchive } from "./oci-archive.ts";
import { fileDigest, type RootfsEntry, writeLayer } from "./rootfs.ts";

let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), "kubefence-rootfs-"))));
afterEach(() => rmSync(directory, { recursive: true }));

const entries: RootfsEntry[] = [
  { path: "etc/passwd", content: "root:x:0:0::/root:/bin/sh\n" },
  { path: "/home/user", directory: true, mode: 0o700, uid: 1000 },
  { path: "bin/sh", symlink: "busybox" },
  { path: "null", device: { major: 1, minor: 3 } },
];

test("a layer holds the entries and the directories above them", async () => {
  const layer = join(directory, "layer.tar");
  await writeLayer(layer, entries);
  const listed = (await run("tar", ["--numeric-owner", "-tvf", layer])).trim().split("\n");
  expect(listed.map((line) => line.split(/\s+/).toSpliced(3, 2).join(" ").replace(/ \d+ /, " "))).toEqual([
    "drwxr-xr-x 0/0 etc/",
    "-rw-r--r-- 0/0 etc/passwd",
    "drwxr-xr-x 0/0 home/",
    "drwx------ 1000/1000 home/user/",
    "drwxr-xr-x 0/0 bin/",
    "lrw-r--r-- 0/0 bin/sh -> busybox",
    "crw-rw-rw- 0/0 1,3 null",
  ]);
});

test("the same recipe makes the same image", async () => {
  const made = [];
  for (const name of ["first", "second"]) {
    const layer = join(directory, `${name}.layer.tar`);
    await writeLayer(layer, entries);
    const archive = join(directory, `${name}.tar`);
    made.push([
      await writeOciArchive(archive, "localhost/kubefence/test:1", { Cmd: ["sh"] }, [layer]),
      await fileDigest(archive),
    ]);
  }
  expect(made[0]).toEqual(made[1]);
  expect(made[0]?.[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
});
