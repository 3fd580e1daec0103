import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";

const test = testWithPlugin();

test("a sandboxed container has a record until it is removed", async ({ plugin, runSandboxedPod }) => {
  const pod = await runSandboxedPod({ name: "recorded", namespace: "team" });
  const first = await pod.startContainer({ name: "first", image: images.busybox, command: ["sleep", "600"] });
  const second = await pod.startContainer({ name: "second", image: images.busybox, command: ["sleep", "600"] });
  const podDirectory = join(plugin.stateDirectory, pod.uid);
  const recordOf = (id: string): string => join(podDirectory, id, "metadata.json");

  await expect.poll(() => existsSync(recordOf(first.id)) && existsSync(recordOf(second.id))).toBe(true);
  const text = readFileSync(recordOf(first.id), "utf8");
  const record: Record<string, string> = JSON.parse(text);
  expect(text).toBe(JSON.stringify(record));
  expect(Object.keys(record)).toEqual(["container_id", "pod", "namespace", "profile", "timestamp"]);
  expect(record).toMatchObject({ container_id: first.id, pod: "recorded", namespace: "team", profile: "default" });
  expect(record["timestamp"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(statSync(recordOf(first.id)).mode & 0o777).toBe(0o600);
  expect(statSync(podDirectory).mode & 0o777).toBe(0o700);

  await first.stop();
  await first.remove();
  await expect.poll(() => existsSync(join(podDirectory, first.id))).toBe(false);
  expect(existsSync(recordOf(second.id))).toBe(true);

  await second.stop();
  await second.remove();
  await expect.poll(() => existsSync(podDirectory)).toBe(false);
});

test("records go when the whole pod is removed at once", async ({ plugin, node, runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  await pod.startContainer({ name: "only", image: images.busybox, command: ["sleep", "600"] });
  await expect.poll(() => existsSync(join(plugin.stateDirectory, pod.uid))).toBe(true);
  await node.cri.stopPodSandbox(pod.id);
  await node.cri.removePodSandbox(pod.id);
  await expect.poll(() => existsSync(join(plugin.stateDirectory, pod.uid))).toBe(false);
});
