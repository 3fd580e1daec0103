import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { containerdFile, launchContainerd, stopContainerd } from "./containerd/daemon.ts";
import { ContainerdSupervisor } from "./containerd/supervisor.ts";
import { TestNode } from "./node.ts";
import { NodeSetup } from "./node-setup.ts";
import { PluginProcess } from "./plugin/process.ts";

/** The shared node without anything of Kubefence, under an init system: what `kubefence node install` finds. */
export class BareNode {
  readonly node: TestNode;
  #supervisor: ContainerdSupervisor | undefined;

  private constructor(node: TestNode) {
    this.node = node;
  }

  /** Takes the shared node. The plugin's configuration is there; the launcher is for node set-up to bring. */
  static async connect(name: string): Promise<BareNode> {
    const node = await TestNode.connect(name);
    PluginProcess.install(node.directories);
    return new BareNode(node);
  }

  /** Starts containerd anew with this main file; removes what an earlier test left. `files` are further files of the node. */
  async restart(mainFile: string, files: Record<string, string> = {}): Promise<NodeSetup> {
    const { directories, cri } = this.node;
    await this.stopSupervisor();
    await stopContainerd(directories);
    const setup = new NodeSetup(directories);
    for (const place of ["conf.d", "opt", "kubefence-state"]) {
      rmSync(`${directories.run}/${place}`, { recursive: true, force: true });
    }
    rmSync(directories.launcher, { recursive: true, force: true });
    writeFileSync(containerdFile(directories), mainFile, { mode: 0o640 });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    launchContainerd(directories);
    await cri.reconnect();
    this.startSupervisor();
    return setup;
  }

  /** Nobody starts containerd again from now on. */
  async stopSupervisor(): Promise<void> {
    await this.#supervisor?.stop();
    this.#supervisor = undefined;
  }

  startSupervisor(): void {
    this.#supervisor ??= ContainerdSupervisor.start(this.node.directories);
  }

  /** The node as the other cases know it. */
  async giveBack(): Promise<void> {
    await this.stopSupervisor();
    await this.node.restartContainerd();
    this.node.disconnect();
  }
}
