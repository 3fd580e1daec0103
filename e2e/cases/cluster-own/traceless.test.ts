import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Cluster } from "../../stack/cluster/cluster.ts";
import { kubeletSysctls } from "../../stack/cluster/kubelet.ts";
import { cgroupParent } from "../../stack/leftovers.ts";

const name = "traceless";

// Runs in a process of its own, which is killed while the cluster runs a pod.
const killedRun = `
  import { Cluster } from ${JSON.stringify(join(import.meta.dirname, "../../stack/cluster/cluster.ts"))};
  import { podObject } from ${JSON.stringify(join(import.meta.dirname, "../../stack/cluster/under-test.ts"))};
  import { images } from ${JSON.stringify(join(import.meta.dirname, "../../stack/images/recipes.ts"))};
  const { kubectl } = await Cluster.start(${JSON.stringify(name)});
  await kubectl.apply([podObject(images.busybox, { name: "left" })]);
  await kubectl.wait("pod/left", "condition=Ready");
  console.log("running");
  setInterval(() => {}, 1000);
`;

test("a cluster whose harness was killed is taken down without a trace", async () => {
  const sysctls = machineSysctls();
  const before = networkNamespaces();
  const child = spawn(process.execPath, ["--input-type=module", "--eval", killedRun], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of child.stdout) if (String(line).includes("running")) break;
  child.kill("SIGKILL");
  await once(child, "exit");
  const { directories } = Cluster.of(name);
  const namespace = readlinkSync(`/proc/${readFileSync(`${directories.run}/init.pid`, "utf8").split(" ")[0]}/ns/pid`);
  // The services, the pod's shim, pause process and container.
  expect(processesIn(namespace).length).toBeGreaterThan(8);

  await Cluster.cleanUp(name);
  expect(processesIn(namespace)).toEqual([]);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(directories.run);
  expect(existsSync(directories.run)).toBe(false);
  expect(networkNamespaces()).toEqual(before);
  for (const hierarchy of ["", ...readdirSync("/sys/fs/cgroup")]) {
    expect(existsSync(join("/sys/fs/cgroup", hierarchy, cgroupParent(directories)))).toBe(false);
  }
  expect(machineSysctls()).toEqual(sysctls);
});

function processesIn(pidNamespace: string): string[] {
  return readdirSync("/proc").filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readlinkSync(`/proc/${entry}/ns/pid_for_children`) === pidNamespace;
    } catch {
      return false;
    }
  });
}

function networkNamespaces(): string[] {
  return existsSync("/run/netns") ? readdirSync("/run/netns").filter((entry) => entry.includes(name)) : [];
}

function machineSysctls(): string[] {
  return Object.keys(kubeletSysctls).map((key) => readFileSync(`/proc/sys/${key.replaceAll(".", "/")}`, "utf8"));
}
