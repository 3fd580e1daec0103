import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import type { Cluster } from "../../stack/cluster/cluster.ts";
import { chartValues, installChart } from "../../stack/cluster/installation.ts";
import { clusterUnderTest, execute } from "../../stack/cluster/under-test.ts";

// config.pathShims of the chart, for a class whose handler is plain runc: there nothing but the shims confines what is sent into a container.

const plain = {
  apiVersion: "node.k8s.io/v1",
  kind: "RuntimeClass",
  metadata: { name: "plain-runc" },
  handler: "runc",
};
const runtimeClassName = plain.metadata.name;

beforeAll(() => clusterUnderTest().kubectl.apply([plain]));
afterAll(async () => {
  const { kubectl, own } = clusterUnderTest();
  await kubectl.run(["delete", "runtimeclass", runtimeClassName]);
  if (own !== undefined) await installChart(own);
});

const install = (own: Cluster, config: object): Promise<void> =>
  installChart(own, { ...chartValues, config: { runtimeClasses: ["nono-runc", "runc"], ...config } });
const launcherFile = (own: Cluster, name: string): string => join(own.directories.root, "opt/nono-nri", name);

/** What a process that is sent into the pod can do with the password hashes: "read", "denied", or something unexpected. */
async function read(pod: string, ...shell: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await execute(clusterUnderTest(), pod, [...shell, "-c", "cat /etc/shadow"]);
  if (exitCode === 0 && stdout !== "") return "read";
  return stderr.includes("Permission denied") ? "denied" : `${exitCode}: ${stderr}`;
}

test("without them only the container's own command is confined", async ({ own, runPod }) => {
  await install(own, {});
  expect(existsSync(launcherFile(own, "sh"))).toBe(false);
  const script = "cat /etc/shadow >/tmp/read || echo denied >/tmp/read; exec sleep infinity";
  await runPod({ name: "no-shims", runtimeClassName, container: { command: ["sh", "-c", script] } });
  expect(await execute(clusterUnderTest(), "no-shims", ["cat", "/tmp/read"])).toMatchObject({ stdout: "denied\n" });
  expect(await read("no-shims", "sh")).toBe("read");
});

test("kubectl exec, probes and hooks by one of the names are confined, by a path they are not", async ({
  own,
  runPod,
}) => {
  await install(own, { pathShims: true });
  expect(readFileSync(launcherFile(own, "shims/profile"), "utf8")).toBe("default\nrestricted\n");
  const denied = ["sh", "-c", "if cat /etc/shadow; then exit 1; fi"];
  const readinessProbe = { exec: { command: denied }, periodSeconds: 1, failureThreshold: 1 };
  const lifecycle = { postStart: { exec: { command: ["ash", "-c", "echo hook >/etc/planted; true"] } } };
  await runPod({ name: "shims", runtimeClassName, container: { readinessProbe, lifecycle } });
  expect(await read("shims", "sh")).toBe("denied");
  expect(await read("shims", "ash")).toBe("denied");
  expect(await read("shims", "/bin/sh")).toBe("read");
  const planted = await execute(clusterUnderTest(), "shims", ["/bin/sh", "-c", "ls /etc/planted"]);
  expect(planted.stderr).toContain("No such file");
  const missing = await execute(clusterUnderTest(), "shims", ["ruby", "--version"]);
  expect(missing).toMatchObject({ exitCode: 127, stderr: expect.stringContaining("nono: COMMAND_NOT_FOUND: ruby ") });
});

test("with nono-runc behind the handler both do their part", async ({ runPod }) => {
  await runPod({ name: "both", runtimeClassName: "nono-runc" });
  expect(await read("both", "sh")).toBe("denied");
  expect(await read("both", "/bin/sh")).toBe("denied");
  expect(await execute(clusterUnderTest(), "both", ["sh", "-c", "sh -c 'echo nested'"])).toMatchObject({
    exitCode: 0,
    stdout: "nested\n",
  });
});

test("another default profile is theirs, too, and without the value they go", async ({ own, runPod }) => {
  await install(own, { pathShims: true, defaultProfile: "workspace", seccompProfile: "" });
  expect(readFileSync(launcherFile(own, "shims/profile"), "utf8")).toBe("workspace\n");
  await runPod({ name: "workspace", runtimeClassName });
  expect(await read("workspace", "sh")).toBe("denied");
  await install(own, {});
  expect(existsSync(launcherFile(own, "sh"))).toBe(false);
  expect(existsSync(launcherFile(own, "shims"))).toBe(false);
});
