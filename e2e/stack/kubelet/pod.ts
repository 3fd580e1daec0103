import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CriClient } from "../cri/client.ts";
import { type ContainerOutput, readContainerLog } from "../cri/logs.ts";
import type { ContainerInfo, Mount, PodSandboxConfig } from "../cri/messages.ts";
import { containerConfig, sandboxConfig } from "./configs.ts";
import type { ContainerSpec, PodSpec } from "./pod-spec.ts";
import { prepareVolume, unmountSubPaths, volumeMount } from "./volumes.ts";

/** Directories that pods of a node use. */
export interface PodDirectories {
  kubelet: string;
  logs: string;
  cgroupParent: string;
}

/** The result of a container that ran to its end. */
export interface Completed extends ContainerOutput {
  exitCode: number;
}

const serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

/** A running pod sandbox with its kubelet directory. */
export class Pod {
  readonly #cri: CriClient;
  readonly #spec: PodSpec;
  readonly #directory: string;
  readonly #config: PodSandboxConfig;
  readonly #hostPaths = new Map<string, string>();
  readonly uid: string;
  /** Sandbox id. */
  readonly id: string;

  private constructor(cri: CriClient, spec: PodSpec, directory: string, config: PodSandboxConfig, id: string) {
    this.#cri = cri;
    this.#spec = spec;
    this.#directory = directory;
    this.#config = config;
    this.uid = config.metadata.uid;
    this.id = id;
  }

  /** Lays out the pod's directory and volumes and runs its sandbox. */
  static async run(cri: CriClient, directories: PodDirectories, spec: PodSpec): Promise<Pod> {
    const uid = randomUUID();
    const directory = join(directories.kubelet, "pods", uid);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "etc-hosts"), `127.0.0.1\tlocalhost\n127.0.0.1\t${spec.name}\n`);
    const logs = join(directories.logs, `${spec.namespace ?? "default"}_${spec.name}_${uid}`);
    const config = sandboxConfig(spec, uid, logs, directories.cgroupParent);
    const pod = new Pod(cri, spec, directory, config, await cri.runPodSandbox(config, spec.runtimeHandler ?? ""));
    for (const volume of spec.volumes ?? []) {
      pod.#hostPaths.set(volume.name, prepareVolume(directory, volume));
    }
    if (spec.automountServiceAccountToken !== false) {
      const files = { token: "not.a.token", namespace: spec.namespace ?? "default", "ca.crt": "not a certificate\n" };
      pod.#hostPaths.set(
        "kube-api-access",
        prepareVolume(directory, { name: "kube-api-access", kind: "projected", files }),
      );
    }
    return pod;
  }

  /** Creates a container without starting it; rejects with the runtime's error when it refuses. */
  async createContainer(spec: ContainerSpec): Promise<Container> {
    mkdirSync(join(this.#config.logDirectory, spec.name), { recursive: true });
    const config = containerConfig(this.#spec, this.uid, spec, await this.#mounts(spec));
    const id = await this.#cri.createContainer(this.id, config, this.#config);
    return new Container(this.#cri, id, join(this.#config.logDirectory, config.logPath));
  }

  /** Creates and starts a container. */
  async startContainer(spec: ContainerSpec): Promise<Container> {
    const container = await this.createContainer(spec);
    await container.start();
    return container;
  }

  /** Runs a container to its end. */
  async complete(spec: ContainerSpec): Promise<Completed> {
    return (await this.startContainer(spec)).exit();
  }

  /** The host path of a volume. */
  volumePath(name: string): string {
    const path = this.#hostPaths.get(name);
    if (path === undefined) {
      throw new Error(`pod ${this.#spec.name} has no volume ${name}`);
    }
    return path;
  }

  /**
   * Stops the pod, removes its containers, then its sandbox, then the pod's directory. In the kubelet's order: a sandbox
   * that is removed with containers in it stops containerd's NRI for good where a plugin connects in that moment
   * (RemovePodSandbox and the RemoveContainer within it both take NRI's read lock, and the plugin waits for the write lock in between).
   */
  async remove(): Promise<void> {
    await this.#cri.stopPodSandbox(this.id);
    for (const { id, podSandboxId } of await this.#cri.containers()) {
      if (podSandboxId === this.id) await this.#cri.removeContainer(id);
    }
    await this.#cri.removePodSandbox(this.id);
    await unmountSubPaths(this.#directory);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #mounts(spec: ContainerSpec): Promise<Mount[]> {
    const mounts: Mount[] = [];
    for (const [index, mount] of (spec.volumeMounts ?? []).entries()) {
      mounts.push(await volumeMount(this.#directory, this.volumePath(mount.name), spec.name, mount, index));
    }
    const token = this.#hostPaths.get("kube-api-access");
    if (token !== undefined && !mounts.some(({ containerPath }) => containerPath === serviceAccountDirectory)) {
      mounts.push({ containerPath: serviceAccountDirectory, hostPath: token, readonly: true });
    }
    if (!mounts.some(({ containerPath }) => containerPath === "/etc/hosts")) {
      mounts.push({ containerPath: "/etc/hosts", hostPath: join(this.#directory, "etc-hosts"), readonly: false });
    }
    const terminationLog = join(this.#directory, "containers", spec.name, randomUUID().slice(0, 8));
    mkdirSync(join(terminationLog, ".."), { recursive: true });
    writeFileSync(terminationLog, "", { mode: 0o666 });
    mounts.push({ containerPath: "/dev/termination-log", hostPath: terminationLog, readonly: false });
    return mounts;
  }
}

/** A container of a pod. */
export class Container {
  readonly #cri: CriClient;
  readonly #logPath: string;
  readonly id: string;

  constructor(cri: CriClient, id: string, logPath: string) {
    this.#cri = cri;
    this.id = id;
    this.#logPath = logPath;
  }

  async start(): Promise<void> {
    await this.#cri.startContainer(this.id);
  }

  /** Waits for the end and returns exit code and output. */
  async exit(timeoutMs?: number): Promise<Completed> {
    const { exitCode } = await this.#cri.containerExit(this.id, timeoutMs);
    return { exitCode, ...this.output() };
  }

  /** What it has written so far. */
  output(): ContainerOutput {
    return readContainerLog(this.#logPath);
  }

  /** Runs a command in it, as an exec probe does. */
  async exec(...command: string[]): Promise<Completed> {
    const { exitCode, stdout, stderr } = await this.#cri.execSync(this.id, command);
    return { exitCode, stdout: Buffer.from(stdout).toString(), stderr: Buffer.from(stderr).toString() };
  }

  /** Host pid of its first process. */
  async pid(): Promise<number> {
    return (await this.#cri.containerInfo(this.id)).pid;
  }

  /** The OCI configuration that the runtime made, with all adjustments in it. */
  async runtimeSpec(): Promise<ContainerInfo["runtimeSpec"]> {
    return (await this.#cri.containerInfo(this.id)).runtimeSpec;
  }

  async stop(timeoutSeconds = 0): Promise<void> {
    await this.#cri.stopContainer(this.id, timeoutSeconds);
  }

  async remove(): Promise<void> {
    await this.#cri.removeContainer(this.id);
  }
}
