import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CriClient } from "../cri/client.ts";
import { recordPid, runningPid } from "../daemon.ts";
import { cache, checkout, cniRelease, containerdRelease, kubernetesRelease, runcRelease } from "../directories.ts";
import { importImages } from "../images/import.ts";
import { type ImageRecipe, images, recipes as allRecipes } from "../images/recipes.ts";
import { removeLeftovers } from "../leftovers.ts";
import { namespacePath } from "../network.ts";
import { nodeName } from "./addresses.ts";
import { programs, writeClients } from "./clients.ts";
import type { NodeKind } from "./containerd.ts";
import { type ClusterDirectories, clusterDirectories } from "./directories.ts";
import { Kubectl } from "./kubectl.ts";
import { writeNodeFiles } from "./layout.ts";
import { Machine } from "./machine.ts";
import { createClusterNetwork } from "./network.ts";
import { serviceNames } from "./services.ts";

const clusterImages: ImageRecipe[] = allRecipes.filter(({ reference }) =>
  [images.pause, images.busybox].includes(reference),
);

/** A real Kubernetes of one node, on this machine and without a trace outside its own directories. */
export class Cluster {
  readonly directories: ClusterDirectories;
  readonly machine: Machine;
  readonly kubectl: Kubectl;

  private constructor(directories: ClusterDirectories) {
    this.directories = directories;
    this.machine = new Machine(directories);
    this.kubectl = new Kubectl(programs(), directories.kubeconfig, ["nsenter", `--net=${namespacePath(directories)}`]);
  }

  /** Cleans up after an earlier cluster of the same name, starts one, and waits until pods can run. */
  static async start(name: string, kind: NodeKind = "prepared"): Promise<Cluster> {
    requireGround();
    const cluster = Cluster.of(name);
    const { directories, machine } = cluster;
    const owner = runningPid(ownerFile(directories));
    if (owner !== undefined && owner !== process.pid) {
      throw new Error(
        `process ${owner} uses the cluster ${name} now; wait for it, or set KUBEFENCE_NODE to another name`,
      );
    }
    await Cluster.cleanUp(name);
    rmSync(directories.logs, { recursive: true, force: true });
    recordPid(ownerFile(directories), process.pid);
    try {
      writeNodeFiles(directories, kind);
      await createClusterNetwork(directories);
      writeClients(directories);
      // Images, and containerd's memory of pods, outlive a cluster: the kubelet must not find the latter.
      await machine.switchOn(["kubelet"]);
      const cri = await CriClient.connect(directories.containerdSocket);
      await cri.removeAllPods();
      await importImages(directories, cri, clusterImages);
      cri.close();
      machine.startService("kubelet");
      await cluster.untilReady();
      return cluster;
    } catch (error) {
      await Cluster.cleanUp(name);
      throw new Error(`the cluster ${name} did not start; logs are in ${directories.logs}`, { cause: error });
    }
  }

  /** A cluster that some process has started. */
  static of(name: string): Cluster {
    return new Cluster(clusterDirectories(name));
  }

  /** Stops and removes whatever a cluster of this name left: its node with all processes and mounts, cgroups, network, files. */
  static async cleanUp(name: string): Promise<void> {
    const cluster = Cluster.of(name);
    await cluster.machine.switchOff();
    await removeLeftovers(cluster.directories);
  }

  async stop(): Promise<void> {
    await Cluster.cleanUp(this.directories.name);
  }

  /** Waits until the node takes pods. */
  async untilReady(timeoutMs = 120_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const missing = await this.#missing();
      if (missing === undefined) {
        return;
      }
      if (Date.now() > deadline) {
        throw new Error(`the cluster is not ready after ${timeoutMs} ms: ${missing}`);
      }
      await delay(250);
    }
  }

  /** Takes the power from the node and gives it back: every process ends, files on disk stay. */
  async powerCycle(): Promise<void> {
    await this.machine.switchOff();
    await this.machine.switchOn();
    await this.untilReady();
  }

  // A pod needs a node that is ready and a service account, which the controller manager makes.
  async #missing(): Promise<string | undefined> {
    const node = await this.kubectl.attempt(["get", "node", nodeName, "--output=json"]);
    if (node.exitCode !== 0) {
      return node.stderr.trim();
    }
    // After a power cut the API server still has the last word of the former kubelet.
    const silent = serviceNames.filter((service) => this.machine.servicePid(service) === undefined);
    if (silent.length > 0) {
      return `${silent.join(", ")} not running`;
    }
    const ready = JSON.parse(node.stdout).status.conditions?.find(({ type }: { type: string }) => type === "Ready");
    if (ready?.status !== "True") {
      return `the node says ${ready?.message ?? "nothing"}`;
    }
    const account = await this.kubectl.attempt(["get", "serviceaccount", "default"]);
    return account.exitCode === 0 ? undefined : account.stderr.trim();
  }
}

function ownerFile(directories: ClusterDirectories): string {
  return join(directories.run, "owner.pid");
}

function requireGround(): void {
  if (process.getuid?.() !== 0) {
    throw new Error("a cluster needs root: it makes namespaces, mounts and cgroups");
  }
  for (const release of [kubernetesRelease(), containerdRelease(), runcRelease(), cniRelease()]) {
    if (!existsSync(release.binaries)) {
      throw new Error(`${release.folder} ${release.version} is not built: run tools/build.sh ${release.folder}`);
    }
  }
  // The node has its own there.
  const hidden = ["/etc/", "/opt/", "/run/", "/var/lib/", "/var/log/"];
  for (const path of [cache, checkout]) {
    if (hidden.some((directory) => path.startsWith(directory))) {
      throw new Error(`${path} cannot be seen from the node; move it out of ${hidden.join(" ")}`);
    }
  }
}
