import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";
import type { Pod } from "../stack/kubelet/pod.ts";

// A privileged container has every capability and the node's devices. The sandbox holds all the same.

const test = testWithPlugin();

const attempts = {
  "read shadow": "cat /etc/shadow",
  "mount a file system": "mount -t tmpfs none /home",
  "make the launcher writable": "mount -o remount,rw,bind /nono && touch /nono/planted",
  "unmount the launcher": "umount /nono",
  "read a disk of the node": "head -c 1 /dev/loop0",
  "make a disk's node anew": "mknod /tmp/disk b 7 0 && head -c 1 /tmp/disk",
  "go through another process's root": "cat /proc/1/root/etc/shadow",
  "change the core pattern": "cat /proc/sys/kernel/core_pattern > /proc/sys/kernel/core_pattern",
  "bind over what is kept": "mount -o bind /tmp /etc",
};

test("none of it works in a sandboxed container", async ({ runSandboxedPod }) => {
  const { passed, stderr } = await tryAll(await runSandboxedPod({ privileged: true }));
  expect(passed).toEqual([]);
  expect(stderr).toContain("/etc/shadow': Permission denied");
});

test("most of it works without our RuntimeClass, so it is the sandbox that stops it", async ({ runPod }) => {
  const { passed } = await tryAll(await runPod({ privileged: true }));
  expect(passed).toEqual(
    expect.arrayContaining([
      "read shadow",
      "mount a file system",
      "go through another process's root",
      "change the core pattern",
    ]),
  );
});

async function tryAll(pod: Pod): Promise<{ passed: string[]; stderr: string }> {
  const script = Object.entries(attempts).map(
    ([name, attempt]) => `(${attempt}) > /dev/null && echo "passed: ${name}"`,
  );
  const { stdout, stderr } = await pod.complete({
    name: "main",
    image: images.busybox,
    privileged: true,
    command: ["sh", "-c", [...script, "echo end"].join("\n")],
  });
  const lines = stdout.trim().split("\n");
  expect(lines.pop()).toBe("end");
  return { passed: lines.map((line) => line.replace("passed: ", "")), stderr };
}
