import { describe, expect } from "vitest";
import { test } from "../fixtures.ts";
import { containerdRelease } from "../stack/directories.ts";
import { images } from "../stack/images/recipes.ts";
import { parseProbe } from "../stack/probe.ts";

// The ground under every other case: a real containerd, no plugin, nothing confined.

test("containerd has the version that was asked for and both handlers", async ({ node }) => {
  expect(await node.cri.version()).toMatchObject({
    runtimeName: "containerd",
    runtimeVersion: `v${containerdRelease().version}`,
  });
  expect(await node.cri.runtimeHandlers()).toEqual(expect.arrayContaining(["nono-runc", "runc"]));
});

describe.each(["busybox", "musl", "scratch", "debian"] as const)("a plain pod of the image %s", (image) => {
  test("runs to its end and nothing confines it", async ({ runPod }) => {
    const pod = await runPod({});
    const { exitCode, stdout, stderr } = await pod.complete({
      name: "probe",
      image: images[image],
      command: ["/usr/bin/probe", "read:/proc/1/cmdline", "list:/usr/bin", "status:NoNewPrivs"],
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const answers = parseProbe(stdout);
    expect(answers["read:/proc/1/cmdline"]).toBe("ok");
    expect(answers["list:/usr/bin"]?.split(",")).toContain("probe");
    expect(answers["status:NoNewPrivs"]).toBe("0");
  });
});

test("volumes are laid out and mounted as the kubelet does", async ({ runPod }) => {
  const pod = await runPod({
    volumes: [
      { name: "data", kind: "emptyDir" },
      { name: "settings", kind: "configMap", files: { "key.txt": "value\n" } },
    ],
  });
  const { stdout } = await pod.complete({
    name: "probe",
    image: images.busybox,
    command: ["/usr/bin/probe", "create:/data/file", "content:/settings/key.txt", "create:/settings/file"],
    volumeMounts: [
      { name: "data", mountPath: "/data" },
      { name: "settings", mountPath: "/settings", readOnly: true },
    ],
  });
  expect(parseProbe(stdout)).toEqual({
    "create:/data/file": "ok",
    "content:/settings/key.txt": "value",
    "create:/settings/file": "EROFS",
  });
  expect(pod.volumePath("settings")).toMatch(/\/pods\/[-0-9a-f]{36}\/volumes\/kubernetes\.io~configmap\/settings$/);
});

test("containers outlive a restart of containerd", async ({ node, runPod }) => {
  const pod = await runPod({});
  const container = await pod.startContainer({ name: "sleeper", image: images.busybox, command: ["sleep", "600"] });
  const pid = await container.pid();
  await node.restartContainerd();
  expect(await container.pid()).toBe(pid);
  const { exitCode, stdout } = await container.exec("echo", "still here");
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "still here\n" });
});
