import { setTimeout as delay } from "node:timers/promises";
import { CriConnection } from "./connection.ts";
import type {
  ContainerConfig,
  ContainerEvent,
  ContainerInfo,
  ContainerStatus,
  ExecSyncResponse,
  PodSandboxConfig,
} from "./messages.ts";

/** The calls of the Container Runtime Interface that the kubelet makes, over containerd's socket. */
export class CriClient {
  readonly #runtime: CriConnection;
  readonly #images: CriConnection;

  private constructor(runtime: CriConnection, images: CriConnection) {
    this.#runtime = runtime;
    this.#images = images;
  }

  /** Connects and waits until the runtime and its network say that they are ready. */
  static async connect(socketPath: string): Promise<CriClient> {
    const runtime = await CriConnection.open(socketPath, "RuntimeService");
    const client = new CriClient(runtime, await CriConnection.open(socketPath, "ImageService"));
    await client.#untilReady();
    return client;
  }

  /** Connects anew after a restart of the runtime. */
  async reconnect(timeoutMs = 20_000): Promise<void> {
    await this.#runtime.reconnect(timeoutMs);
    await this.#images.reconnect(timeoutMs);
    await this.#untilReady(timeoutMs);
  }

  async #untilReady(timeoutMs = 20_000): Promise<void> {
    await this.#runtime.untilConnected(timeoutMs);
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const missing = await this.#missing();
      if (missing.length === 0) {
        return;
      }
      if (Date.now() > deadline) {
        throw new Error(`containerd is not ready after ${timeoutMs} ms: ${missing.join(", ")}`);
      }
      await delay(20);
    }
  }

  /** What the runtime says it lacks before it is ready. */
  async #missing(): Promise<string[]> {
    try {
      const { status } = await this.#runtime.call<{
        status: { conditions: { type: string; status: boolean; message: string }[] };
      }>("Status", {});
      const unready = status.conditions.filter((condition) => condition.type.endsWith("Ready") && !condition.status);
      return unready.map(({ type, message }) => `${type}: ${message}`);
    } catch (error) {
      // "server is not initialized yet": the socket is there before the service is.
      return [String(error)];
    }
  }

  /** Name and version of the runtime. */
  version(): Promise<{ runtimeName: string; runtimeVersion: string }> {
    return this.#runtime.call("Version", {});
  }

  /** Handlers that the runtime has loaded. */
  async runtimeHandlers(): Promise<string[]> {
    return [...(await this.handlerFeatures()).keys()];
  }

  /** What the runtime knows of each handler's OCI runtime. */
  async handlerFeatures(): Promise<Map<string, object>> {
    const { runtimeHandlers } = await this.#runtime.call<{ runtimeHandlers: { name: string; features: object }[] }>(
      "Status",
      {},
    );
    return new Map(runtimeHandlers.map(({ name, features }) => [name, features]));
  }

  async runPodSandbox(config: PodSandboxConfig, runtimeHandler: string): Promise<string> {
    const { podSandboxId } = await this.#runtime.call<{ podSandboxId: string }>("RunPodSandbox", {
      config,
      runtimeHandler,
    });
    return podSandboxId;
  }

  async stopPodSandbox(podSandboxId: string): Promise<void> {
    await this.#runtime.call("StopPodSandbox", { podSandboxId });
  }

  async removePodSandbox(podSandboxId: string): Promise<void> {
    await this.#runtime.call("RemovePodSandbox", { podSandboxId });
  }

  async podSandboxes(): Promise<
    { id: string; metadata: { name: string; namespace: string; uid: string }; state: string; runtimeHandler: string }[]
  > {
    const { items } = await this.#runtime.call<{ items: [] }>("ListPodSandbox", {});
    return items;
  }

  /** Stops and removes every pod of this containerd. */
  async removeAllPods(): Promise<void> {
    for (const { id } of await this.podSandboxes()) {
      await this.stopPodSandbox(id);
      await this.removePodSandbox(id);
    }
  }

  async createContainer(
    podSandboxId: string,
    config: ContainerConfig,
    sandboxConfig: PodSandboxConfig,
  ): Promise<string> {
    const { containerId } = await this.#runtime.call<{ containerId: string }>("CreateContainer", {
      podSandboxId,
      config,
      sandboxConfig,
    });
    return containerId;
  }

  async startContainer(containerId: string): Promise<void> {
    await this.#runtime.call("StartContainer", { containerId });
  }

  /** SIGTERM, and SIGKILL after `timeoutSeconds`. */
  async stopContainer(containerId: string, timeoutSeconds: number): Promise<void> {
    await this.#runtime.call("StopContainer", { containerId, timeout: timeoutSeconds });
  }

  async removeContainer(containerId: string): Promise<void> {
    await this.#runtime.call("RemoveContainer", { containerId });
  }

  async containers(): Promise<
    { id: string; podSandboxId: string; metadata: { name: string }; state: ContainerStatus["state"] }[]
  > {
    const { containers } = await this.#runtime.call<{ containers: [] }>("ListContainers", {});
    return containers;
  }

  async containerStatus(containerId: string): Promise<ContainerStatus> {
    const { status } = await this.#runtime.call<{ status: ContainerStatus }>("ContainerStatus", { containerId });
    return status;
  }

  /** What containerd tells of a container beyond the CRI: the host pid of its first process and its OCI configuration. */
  async containerInfo(containerId: string): Promise<ContainerInfo> {
    const { info } = await this.#runtime.call<{ info: Record<string, string> }>("ContainerStatus", {
      containerId,
      verbose: true,
    });
    return JSON.parse(info["info"] ?? "{}");
  }

  /** Runs a command in a running container, as an exec probe does. */
  async execSync(containerId: string, command: string[], timeoutSeconds = 20): Promise<ExecSyncResponse> {
    return await this.#runtime.call("ExecSync", { containerId, cmd: command, timeout: timeoutSeconds });
  }

  /** Where a command can be run with streams: an address of the runtime's streaming server, good for one use. */
  async execUrl(containerId: string, command: string[], tty: boolean, stdin: boolean): Promise<string> {
    const request = { containerId, cmd: command, tty, stdin, stdout: true, stderr: !tty };
    return (await this.#runtime.call<{ url: string }>("Exec", request)).url;
  }

  /** The container's status once it has exited; throws when it still runs after `timeoutMs`. */
  async containerExit(containerId: string, timeoutMs = 60_000): Promise<ContainerStatus> {
    const events = this.#runtime.stream<ContainerEvent>("GetContainerEvents", {});
    const deadline = Date.now() + timeoutMs;
    try {
      for (;;) {
        const status = await this.containerStatus(containerId);
        if (status.state === "CONTAINER_EXITED") {
          return status;
        }
        if (Date.now() > deadline) {
          throw new Error(`container ${containerId} still runs after ${timeoutMs} ms`);
        }
        // The stream may have opened after the event, so look again now and then.
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 500);
          const look = (event: ContainerEvent): void => {
            if (event.containerId === containerId && event.containerEventType === "CONTAINER_STOPPED_EVENT") {
              clearTimeout(timer);
              events.off("data", look);
              resolve();
            }
          };
          events.on("data", look);
        });
      }
    } finally {
      events.cancel();
    }
  }

  /** References of the images that containerd has. */
  async images(): Promise<{ id: string; repoTags: string[] }[]> {
    const { images } = await this.#images.call<{ images: { id: string; repoTags: string[] }[] }>("ListImages", {});
    return images;
  }

  async removeImage(reference: string): Promise<void> {
    await this.#images.call("RemoveImage", { image: { image: reference } });
  }

  close(): void {
    this.#runtime.close();
    this.#images.close();
  }
}
