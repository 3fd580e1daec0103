import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Cluster } from "../stack/cluster/cluster.ts";
import { importPluginImage, installChart, prepareNode } from "../stack/cluster/installation.ts";
import { createPodsDuring } from "../stack/cluster/pod-stream.ts";
import { containerId, pluginSelector, podObject } from "../stack/cluster/under-test.ts";
import { images } from "../stack/images/recipes.ts";
import { growth, type Sample, takeSample } from "./samples.ts";

// `make soak`: sandboxed pods come and go on a real cluster; the plugin's memory, descriptors and records stay where they are.

const { values } = parseArgs({ options: { minutes: { type: "string", default: "30" } } });
const durationMs = Number(values.minutes) * 60_000;
if (!(durationMs > 0)) {
  throw new Error(`--minutes ${values.minutes}: must be a number above 0`);
}
const sampleEveryMs = Math.min(10_000, durationMs / 40);
const selector = "kubefence.test=soak";
/** More than these wait for the node on a machine that cannot keep up: it gets no more until it has. */
const mostAtOnce = 40;

const cluster = await Cluster.start(`${process.env["KUBEFENCE_NODE"] || "soak"}-cluster`);
const { kubectl, directories } = cluster;
let finished = 0;
try {
  await prepareNode(cluster);
  await importPluginImage(cluster);
  await installChart(cluster);
  const plugin = await pluginPid();
  const samples: Sample[] = [];
  const names = await createPodsDuring(
    kubectl,
    1000,
    (index) => (index - finished < mostAtOnce ? shortPod(index) : undefined),
    async () => {
      const end = Date.now() + durationMs;
      while (Date.now() < end) {
        await delay(sampleEveryMs);
        samples.push(takeSample(plugin, join(directories.root, "run/nono-nri")));
        finished += await deleteFinished();
      }
    },
  );
  const lastOnes = Date.now() + 300_000;
  while (finished < names.length) {
    if (Date.now() > lastOnes) {
      throw new Error(`${names.length - finished} pods have not ended: ${await kubectl.run(["get", "pods"])}`);
    }
    await delay(1000);
    finished += await deleteFinished();
  }
  if ((await pluginPid()) !== plugin) {
    throw new Error("the plugin was started again in between");
  }
  for (const key of ["memoryKiB", "descriptors", "records"] as const) {
    const series = samples.map((sample) => sample[key]);
    const quarters = [0.25, 0.5, 0.75].map((part) => series[Math.floor(series.length * part)]);
    console.log(
      `${key}: first ${series[0]}, then ${quarters.join(", ")}, last ${series.at(-1)}; highest ${Math.max(...series)}`,
    );
  }
  const grown = growth(samples);
  console.log(`${finished} pods in ${values.minutes} minutes, each confined: ${grown.join("; ") || "nothing grew"}`);
  process.exitCode = grown.length === 0 ? 0 : 1;
} finally {
  await cluster.stop();
}

/** Deletes the pods that have ended, and returns how many. */
async function deleteFinished(): Promise<number> {
  const which = [`--selector=${selector}`, "--field-selector=status.phase=Succeeded"];
  const deleted = await kubectl.run(["delete", "pods", ...which, "--output=name"]);
  return deleted.split("\n").filter((line) => line !== "").length;
}

/** A pod that ends by itself, and only if it is confined. */
function shortPod(index: number): ReturnType<typeof podObject> {
  const command = ["sh", "-c", "if touch /usr/bin/planted 2>/dev/null; then exec sleep infinity; fi"];
  const pod = podObject(images.busybox, {
    name: `soak-${index}`,
    runtimeClassName: "nono-runc",
    spec: { restartPolicy: "OnFailure" },
    container: { command },
  });
  const [key = "", value = ""] = selector.split("=");
  return { ...pod, metadata: { ...pod.metadata, labels: { [key]: value } } };
}

/** The plugin's process, found by its container's cgroup. */
async function pluginPid(): Promise<number> {
  const [pod] = await kubectl.list("pods", pluginSelector, "kube-system");
  if (pod === undefined) throw new Error("the plugin has no pod");
  const id = containerId(pod, "nono-nri");
  const pid = readdirSync("/proc").find((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/cgroup`, "utf8").includes(id);
    } catch {
      return false; // gone meanwhile
    }
  });
  if (pid === undefined) throw new Error(`no process in the cgroup of ${id}`);
  return Number(pid);
}
