import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cgroupParent } from "../stack/leftovers.ts";
import { images, recipes } from "../stack/images/recipes.ts";
import { TestNode } from "../stack/node.ts";

// Names of this run alone: two suites may run on one machine.
const nodeName = ["killed", process.env["KUBEFENCE_NODE"]].filter(Boolean).join("-");
const seconds = String(1_000_000 + process.pid);
const sleeper = `sleep\0${seconds}`;
const wanted = [images.pause, images.busybox];
const fewRecipes = recipes.filter(({ reference }) => wanted.includes(reference));

// Runs in a process of its own, which is killed while a pod runs.
const killedRun = `
  import { TestNode } from ${JSON.stringify(join(import.meta.dirname, "../stack/node.ts"))};
  const node = await TestNode.connect(${JSON.stringify(nodeName)});
  const pod = await node.runPod({ name: "left" });
  await pod.startContainer({ name: "left", image: ${JSON.stringify(images.busybox)}, command: ["sleep", "${seconds}"] });
  console.log("running");
  setInterval(() => {}, 1000);
`;

test("what a killed run left behind is gone after the next start", async () => {
  const first = await TestNode.start(nodeName, {}, fewRecipes);
  first.disconnect();
  const child = spawn(process.execPath, ["--input-type=module", "--eval", killedRun], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  // Until it has restricted itself, the first process is the launcher.
  await expect.poll(() => processesNamed(sleeper)).toHaveLength(1);

  const second = await TestNode.start(nodeName, {}, fewRecipes);
  expect(await second.cri.podSandboxes()).toEqual([]);
  expect(processesNamed(sleeper)).toEqual([]);

  await second.stop();
  const { run, containerdSocket } = second.directories;
  expect(processesNamed(containerdSocket)).toEqual([]);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(run);
  expect(existsSync(run)).toBe(false);
  expect(existsSync(`/run/netns/kubefence-${nodeName}`)).toBe(false);
  expect(existsSync(join("/sys/fs/cgroup/memory", cgroupParent(second.directories)))).toBe(false);
});

function processesNamed(text: string): string[] {
  return readdirSync("/proc").filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/cmdline`, "utf8").includes(text);
    } catch {
      return false;
    }
  });
}
