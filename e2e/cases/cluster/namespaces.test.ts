import { expect } from "vitest";
import { test, testOnOwnNode } from "../../cluster-fixtures.ts";
import { containerId, execute, ociConfiguration } from "../../stack/cluster/under-test.ts";

// Pods that share namespaces with each other or with the node run as they should, and are confined all the same.

const denied = { exitCode: 1, stderr: expect.stringContaining("Permission denied") };

test.for([
  { name: "hostnetwork", spec: { hostNetwork: true } },
  { name: "hostpid", spec: { hostPID: true } },
  { name: "hostipc", spec: { hostIPC: true } },
])("$name", async ({ name, spec }, { cluster, runPod }) => {
  await runPod({ name: `namespaces-${name}`, runtimeClassName: "nono-runc", spec });
  expect(await execute(cluster, `namespaces-${name}`, ["cat", "/etc/shadow"])).toMatchObject(denied);
});

test("shareProcessNamespace: containers see each other, and signal nobody outside their sandbox", async ({
  cluster,
  runPod,
}) => {
  const other = {
    name: "other",
    image: cluster.image,
    imagePullPolicy: "IfNotPresent",
    command: ["sh", "-c", "exec sleep 31557"],
  };
  await runPod({
    name: "namespaces-shared",
    runtimeClassName: "nono-runc",
    spec: {
      shareProcessNamespace: true,
      containers: [{ ...other, name: "main", command: ["sleep", "infinity"] }, other],
    },
  });
  const find = "for p in /proc/[0-9]*; do grep -q 31557 $p/cmdline 2>/dev/null && echo ${p#/proc/}; done";
  const pid = (await execute(cluster, "namespaces-shared", ["sh", "-c", find])).stdout.trim().split("\n")[0] ?? "";
  expect(pid).toMatch(/^\d+$/);
  const signalled = await execute(cluster, "namespaces-shared", ["kill", "-9", pid]);
  expect(signalled.exitCode).not.toBe(0);
  expect(signalled.stderr).toContain("not permitted");
});

testOnOwnNode("user namespace (hostUsers: false)", async ({ cluster, own, runPod }) => {
  const pod = await runPod({
    name: "namespaces-user",
    runtimeClassName: "nono-runc",
    spec: { hostUsers: false },
  });
  expect(ociConfiguration(own, containerId(pod)).process.args[0]).toBe("/nono/nono");
  const { stdout } = await execute(cluster, "namespaces-user", ["cat", "/proc/self/uid_map"]);
  expect(stdout.trim().split(/\s+/)[1]).not.toBe("0");
  expect(await execute(cluster, "namespaces-user", ["cat", "/etc/shadow"])).toMatchObject(denied);
});
