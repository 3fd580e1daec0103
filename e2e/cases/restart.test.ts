import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";
import { runProbe } from "../stack/probe.ts";

// containerd is restarted under running containers, as an upgrade of the node does.

const test = testWithPlugin();

test("the plugin connects again, new containers are sandboxed and old ones still are", async ({
  node,
  plugin,
  runSandboxedPod,
}) => {
  const pod = await runSandboxedPod({ name: "old" });
  // Its first process waits for a line in /tmp, then tries again what it could not do.
  const script =
    "cat /etc/shadow; mkfifo /tmp/go; echo waiting; read line < /tmp/go; cat /etc/shadow; cat /etc/hostname";
  const old = await pod.startContainer({ name: "main", image: images.busybox, command: ["sh", "-c", script] });
  await expect.poll(() => old.output().stdout).toBe("waiting\n");
  const { pid } = plugin;

  await node.restartContainerd();
  await expect
    .poll(() => plugin.log.records().filter(({ msg }) => msg === "synchronized").length, { timeout: 20_000 })
    .toBe(2);
  expect(plugin.pid).toBe(pid);

  const fresh = await runSandboxedPod({ name: "fresh" });
  expect(await runProbe(fresh, { operations: ["read:/etc/shadow"] })).toEqual({ "read:/etc/shadow": "EACCES" });

  expect(plugin.records(pod.uid)).toEqual([old.id]);

  await old.exec("sh", "-c", "echo go > /tmp/go");
  const { stdout, stderr } = await old.exit();
  expect(stdout).toBe("waiting\nold\n");
  expect(stderr.match(/can't open '\/etc\/shadow': Permission denied/g)).toHaveLength(2);

  await old.remove();
  await expect.poll(() => plugin.records(pod.uid)).toEqual([]);
});

test("a plugin that starts later reports what runs without its sandbox", async ({ plugin, runPod }) => {
  await plugin.stop();
  const pod = await runPod({ name: "unguarded", namespace: "team", runtimeHandler: "nono-runc" });
  const container = await pod.startContainer({ name: "main", image: images.busybox, command: ["sleep", "600"] });
  const later = await plugin.restart();
  expect(await later.log.find({ msg: "unsandboxed", container_id: container.id })).toMatchObject({
    level: "WARN",
    pod: "unguarded",
    namespace: "team",
  });
});

test("state of containers that went while the plugin was away is swept", async ({ plugin, runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  const container = await pod.startContainer({ name: "main", image: images.busybox, command: ["sleep", "600"] });
  const directory = join(plugin.stateDirectory, pod.uid);
  await expect.poll(() => existsSync(directory)).toBe(true);
  await plugin.stop();
  await container.stop();
  await container.remove();
  await plugin.restart();
  await expect.poll(() => existsSync(directory)).toBe(false);
});
