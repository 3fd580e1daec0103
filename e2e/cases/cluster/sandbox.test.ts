import { expect } from "vitest";
import { test } from "../../cluster-fixtures.ts";
import { execute } from "../../stack/cluster/under-test.ts";

// What a script says of itself as process 1 of a container: no process is sent in for it.
const script = `
say() { "$@" >/dev/null 2>&1 && echo "$* yes" || echo "$* no"; }
say cat /etc/passwd
say cat /etc/shadow
say touch /usr/bin/planted
say touch /tmp/file
say ls /nono
say cat /var/run/secrets/kubernetes.io/serviceaccount/token
echo done
exec sleep infinity`;
const container = { command: ["sh", "-c", script], readinessProbe: undefined };

const untilDone = async (logs: () => Promise<string>): Promise<string[]> => {
  await expect.poll(logs, { timeout: 60_000, interval: 500 }).toContain("done");
  return (await logs()).trim().split("\n");
};

test("a pod of our class is confined from its first process on", async ({ cluster, runPod }) => {
  await runPod({ name: "sandbox-confined", runtimeClassName: "nono-runc", container });
  expect(await untilDone(() => cluster.kubectl.run(["logs", "sandbox-confined"]))).toEqual([
    "cat /etc/passwd yes",
    "cat /etc/shadow no",
    "touch /usr/bin/planted no",
    "touch /tmp/file yes",
    "ls /nono no",
    "cat /var/run/secrets/kubernetes.io/serviceaccount/token no",
    "done",
  ]);
});

test("the same pod without our class is not", async ({ cluster, runPod }) => {
  await runPod({ name: "sandbox-plain", container });
  expect(await untilDone(() => cluster.kubectl.run(["logs", "sandbox-plain"]))).toEqual([
    "cat /etc/passwd yes",
    "cat /etc/shadow yes",
    "touch /usr/bin/planted yes",
    "touch /tmp/file yes",
    "ls /nono no",
    "cat /var/run/secrets/kubernetes.io/serviceaccount/token yes",
    "done",
  ]);
});

test("init container, sidecar and container are each confined", async ({ cluster, runPod }) => {
  const { image } = cluster;
  const denied = { image, imagePullPolicy: "IfNotPresent", command: ["sh", "-c", "! touch /usr/bin/planted"] };
  const sidecar = {
    ...denied,
    name: "sidecar",
    restartPolicy: "Always",
    command: ["sh", "-c", "touch /usr/bin/planted || exec sleep infinity"],
  };
  await runPod({
    name: "sandbox-parts",
    runtimeClassName: "nono-runc",
    spec: { initContainers: [{ ...denied, name: "init" }, sidecar] },
  });
  for (const name of ["main", "sidecar"]) {
    expect((await execute(cluster, "sandbox-parts", ["cat", "/etc/shadow"], name)).stderr).toContain(
      "Permission denied",
    );
  }
  const pod = await cluster.kubectl.get("pod", "sandbox-parts");
  expect(pod["status"].initContainerStatuses).toMatchObject([
    { name: "init", state: { terminated: { exitCode: 0 } } },
    { name: "sidecar", started: true, restartCount: 0 },
  ]);
});

test("kubectl debug: an ephemeral container is confined", async ({ cluster, runPod }) => {
  await runPod({ name: "sandbox-debug", runtimeClassName: "nono-runc" });
  await cluster.kubectl.run([
    "debug",
    "sandbox-debug",
    "--container=debugger",
    "--profile=general",
    `--image=${cluster.image}`,
    "--image-pull-policy=IfNotPresent",
    "--",
    "sh",
    "-c",
    script,
  ]);
  const logs = async (): Promise<string> =>
    (await cluster.kubectl.attempt(["logs", "sandbox-debug", "--container=debugger"])).stdout;
  const said = await untilDone(logs);
  expect(said).toEqual(
    expect.arrayContaining(["cat /etc/shadow no", "touch /usr/bin/planted no", "touch /tmp/file yes"]),
  );
});
