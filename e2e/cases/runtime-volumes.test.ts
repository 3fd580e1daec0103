import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { testWithRuntime } from "../fixtures.ts";
import { busyboxWith, images } from "../stack/images/recipes.ts";
import { parseProbe } from "../stack/probe.ts";

// Volumes whose mount points the workload can bend after the start: what an exec is granted there.

const test = testWithRuntime();

const sleeper = { image: images.busybox, command: ["sleep", "600"] };
const workspace = { annotations: { "nono.sh/profile": "workspace" } };

describe("a volume below another one's mount point", () => {
  // The other container does not have it mounted there, so for it the mount point is a directory like any other: the
  // kernel lets it go, and takes the mount away from the first container.
  test("whose mount point becomes a link to what the profile does not grant, opens nothing", async ({
    node,
    runSandboxedPod,
  }) => {
    const host = join(node.directories.run, "host-path");
    mkdirSync(host, { recursive: true });
    try {
      const pod = await runSandboxedPod({
        ...workspace,
        volumes: [
          { name: "outer", kind: "emptyDir" },
          { name: "inner", kind: "emptyDir" },
          { name: "host", kind: "hostPath", path: host },
        ],
      });
      const first = await pod.startContainer({
        ...sleeper,
        name: "first",
        volumeMounts: [
          { name: "outer", mountPath: "/outer" },
          { name: "inner", mountPath: "/outer/inner" },
          { name: "host", mountPath: "/host" },
        ],
      });
      const second = await pod.startContainer({
        ...sleeper,
        name: "second",
        volumeMounts: [{ name: "outer", mountPath: "/outer" }],
      });
      const probe = ["/usr/bin/probe", "create:/outer/inner/new", "create:/host/new", "create:/outer/new"];
      const before = parseProbe((await first.exec(...probe)).stdout);
      expect(before).toEqual({
        "create:/outer/inner/new": "ok",
        "create:/host/new": "EACCES",
        "create:/outer/new": "ok",
      });

      const bent = await second.exec("sh", "-c", "rm -r /outer/inner && ln -s /host /outer/inner");
      expect(bent).toMatchObject({ exitCode: 0, stderr: "" });
      const after = parseProbe(
        (await first.exec("/usr/bin/probe", "create:/outer/inner/newer", "create:/host/newer", "create:/outer/newer"))
          .stdout,
      );
      expect(after).toEqual({
        "create:/outer/inner/newer": "EACCES",
        "create:/host/newer": "EACCES",
        "create:/outer/newer": "ok",
      });
      expect(existsSync(join(host, "newer"))).toBe(false);
    } finally {
      rmSync(host, { recursive: true, force: true });
    }
  });
});

test("a volume that a link of the image leads to is granted to an exec too", async ({ node, runSandboxedPod }) => {
  const image = await node.importImage(
    busyboxWith("link-data", [
      { path: "data", symlink: "/srv/data" },
      { path: "srv/data", directory: true },
    ]),
  );
  const pod = await runSandboxedPod({ ...workspace, volumes: [{ name: "data", kind: "emptyDir" }] });
  const container = await pod.startContainer({
    ...sleeper,
    image,
    name: "main",
    volumeMounts: [{ name: "data", mountPath: "/data" }],
  });
  const { stdout } = await container.exec("/usr/bin/probe", "create:/data/new", "create:/srv/data/newer");
  expect(parseProbe(stdout)).toEqual({ "create:/data/new": "ok", "create:/srv/data/newer": "ok" });
});

// What joins a container starts at the container's root, whatever its first process has chosen for itself.
test("a container whose first process has called chroot can be entered", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  const container = await pod.startContainer({
    ...sleeper,
    name: "main",
    command: ["chroot", "/bin", "/busybox", "sleep", "600"],
  });
  await expect
    .poll(async () => (await container.exec("cat", "/proc/1/comm")).stdout, { timeout: 20_000 })
    .toBe("busybox\n");
  expect(await container.exec("sh", "-c", "cat /etc/shadow; ls -d /usr")).toEqual({
    exitCode: 0,
    stdout: "/usr\n",
    stderr: "cat: can't open '/etc/shadow': Permission denied\n",
  });
});
