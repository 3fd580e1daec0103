import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";

// A pod's volume must not get over the launcher, under it or above it, however the path is spelt (A1, A2, P3).

const test = testWithPlugin();

const destinations = [
  "/nono",
  "/nono/",
  "/nono/.",
  "//nono",
  "/./nono",
  "/x/../nono",
  "/nono/nono",
  "/nono/profiles",
  "/nono/nono/",
  "/nono/x/../profiles/default.json",
  "/",
];

describe.each(destinations)("a volume at %s", (mountPath) => {
  test("refuses the container, with the reason", async ({ plugin, runSandboxedPod }) => {
    const pod = await runSandboxedPod({ volumes: [{ name: "fake", kind: "emptyDir" }] });
    const fake = join(pod.volumePath("fake"), "nono");
    writeFileSync(fake, "#!/bin/sh\ncat /etc/shadow\n");
    chmodSync(fake, 0o755);
    const created = pod.createContainer({
      name: "main",
      image: images.busybox,
      command: ["true"],
      volumeMounts: [{ name: "fake", mountPath }],
    });
    await expect(created).rejects.toThrow(
      /MOUNT_OVER_LAUNCHER: a volume is mounted at "[^"]*": .*; choose another mountPath/,
    );
    const record = plugin.log.records().findLast(({ msg }) => msg === "refused");
    expect(record).toMatchObject({ pod: expect.stringMatching(/^pod-/), namespace: "default" });
  });
});

test("a file over the launcher refuses the container (A2)", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({ volumes: [{ name: "fake", kind: "configMap", files: { nono: "#!/bin/sh\n" } }] });
  const created = pod.createContainer({
    name: "main",
    image: images.busybox,
    command: ["true"],
    volumeMounts: [{ name: "fake", mountPath: "/nono/nono", subPath: "nono" }],
  });
  await expect(created).rejects.toThrow(/MOUNT_OVER_LAUNCHER/);
});

test("a name that only begins like the launcher's is the pod's own", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({ volumes: [{ name: "own", kind: "emptyDir" }] });
  mkdirSync(join(pod.volumePath("own"), "sub"));
  const { exitCode } = await pod.complete({
    name: "main",
    image: images.busybox,
    command: ["true"],
    volumeMounts: [
      { name: "own", mountPath: "/nono-data" },
      { name: "own", mountPath: "/data/nono" },
    ],
  });
  expect(exitCode).toBe(0);
});
