import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";

// A pod's volume must not get over the launcher, under it or above it, however the path is spelt.

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

test("a volume at, under or above /nono refuses the container, with the reason", async ({
  plugin,
  runSandboxedPod,
}) => {
  const pod = await runSandboxedPod({ name: "covering", volumes: [{ name: "fake", kind: "emptyDir" }] });
  const fake = join(pod.volumePath("fake"), "nono");
  writeFileSync(fake, "#!/bin/sh\ncat /etc/shadow\n");
  chmodSync(fake, 0o755);
  for (const [index, mountPath] of destinations.entries()) {
    const created = pod.createContainer({
      name: `main-${index}`,
      image: images.busybox,
      command: ["true"],
      volumeMounts: [{ name: "fake", mountPath }],
    });
    await expect(created, mountPath).rejects.toThrow(
      /MOUNT_OVER_LAUNCHER: a volume is mounted at "[^"]*": .*; choose another mountPath/,
    );
  }
  await expect
    .poll(() => plugin.log.records().filter(({ msg, pod: name }) => msg === "refused" && name === "covering").length)
    .toBe(destinations.length);
});

test("a file over the launcher refuses the container", async ({ runSandboxedPod }) => {
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
