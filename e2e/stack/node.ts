import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ContainerdOptions } from "./containerd/configuration.ts";
import { startContainerd, stopContainerd } from "./containerd/daemon.ts";
import { CriClient } from "./cri/client.ts";
import { recordPid, runningPid } from "./daemon.ts";
import { cniRelease, containerdRelease, nodeDirectories, type NodeDirectories, runcRelease } from "./directories.ts";
import { importImages } from "./images/import.ts";
import { type ImageRecipe, recipes as allRecipes } from "./images/recipes.ts";
import { Pod } from "./kubelet/pod.ts";
import type { PodSpec } from "./kubelet/pod-spec.ts";
import { cgroupParent, removeLeftovers } from "./leftovers.ts";
import { createNetwork } from "./network.ts";
import { stopPlugin } from "./plugin/process.ts";

/** A test node: a real containerd with runc and CNI, our images, and a stand-in for the kubelet. */
export class TestNode {
  readonly directories: NodeDirectories;
  readonly cri: CriClient;

  private constructor(directories: NodeDirectories, cri: CriClient) {
    this.directories = directories;
    this.cri = cri;
  }

  /** Cleans up after an earlier run of the same name and starts the node. */
  static async start(
    name: string,
    options: ContainerdOptions = {},
    recipes: ImageRecipe[] = allRecipes,
  ): Promise<TestNode> {
    requireGround();
    const directories = nodeDirectories(name);
    const ownerFile = join(directories.run, "owner.pid");
    const owner = runningPid(ownerFile);
    if (owner !== undefined && owner !== process.pid) {
      throw new Error(`process ${owner} uses the node ${name} now; wait for it, or set KUBEFENCE_NODE to another name`);
    }
    await TestNode.cleanUp(name);
    rmSync(directories.logs, { recursive: true, force: true });
    recordPid(ownerFile, process.pid);
    try {
      await createNetwork(directories);
      startContainerd(directories, options);
      const node = await TestNode.connect(name);
      await node.cri.removeAllPods();
      await importImages(directories, node.cri, recipes);
      return node;
    } catch (error) {
      await TestNode.cleanUp(name);
      throw new Error(`the node ${name} did not start; logs are in ${directories.logs}`, { cause: error });
    }
  }

  /** Stops and removes whatever a node of this name left running: its processes by recorded pid, mounts, cgroups, network. */
  static async cleanUp(name: string): Promise<void> {
    const directories = nodeDirectories(name);
    await stopPlugin(directories);
    await stopContainerd(directories);
    await removeLeftovers(directories);
  }

  /** Uses a node that another process started. */
  static async connect(name: string): Promise<TestNode> {
    const directories = nodeDirectories(name);
    return new TestNode(directories, await CriClient.connect(directories.containerdSocket));
  }

  runPod(spec: PodSpec): Promise<Pod> {
    const { kubelet, run } = this.directories;
    return Pod.run(this.cri, { kubelet, logs: `${run}/pod-logs`, cgroupParent: cgroupParent(this.directories) }, spec);
  }

  /** Makes sure that containerd has an image of a case's own, and returns its reference. */
  async importImage(recipe: ImageRecipe): Promise<string> {
    await importImages(this.directories, this.cri, [recipe]);
    return recipe.reference;
  }

  /** Stops containerd and starts it again, while the containers run on. */
  async restartContainerd(options: ContainerdOptions = {}): Promise<void> {
    await stopContainerd(this.directories);
    startContainerd(this.directories, options);
    await this.cri.reconnect();
  }

  /** Closes the connection; the node runs on. */
  disconnect(): void {
    this.cri.close();
  }

  /** Removes all pods, stops containerd, and leaves nothing behind but the images. */
  async stop(): Promise<void> {
    await this.cri.removeAllPods();
    this.cri.close();
    await TestNode.cleanUp(this.directories.name);
  }
}

function requireGround(): void {
  if (process.getuid?.() !== 0) {
    throw new Error("a test node needs root: it makes network namespaces, mounts and cgroups");
  }
  for (const release of [containerdRelease(), runcRelease(), cniRelease()]) {
    if (!existsSync(release.binaries)) {
      throw new Error(`${release.folder} ${release.version} is not built: run tools/build.sh ${release.folder}`);
    }
  }
}
