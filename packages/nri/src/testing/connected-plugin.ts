/** The runtime's end of one plugin's connection, for tests. */
import type net from "node:net";
import { NriError, Status } from "../errors.ts";
import { Demultiplexer, PLUGIN_CONNECTION, RUNTIME_CONNECTION } from "../mux.ts";
import { isAtLeast, parseVersion } from "../runtime-version.ts";
import type { ContainerUpdate, ContainerUpdateInit } from "../schema/generated/nri/adjustment.ts";
import type { ContainerInit, PodSandboxInit } from "../schema/generated/nri/container.ts";
import type { LinuxResourcesInit } from "../schema/generated/nri/resources.ts";
import * as nri from "../schema/generated/nri/service.ts";
import { decode, type ViewClass } from "../schema/view.ts";
import type { WriteMessage } from "../schema/write.ts";
import { NriSocket } from "../socket.ts";
import { TtrpcClient } from "../ttrpc/client.ts";
import { type IncomingCall, TtrpcServer } from "../ttrpc/server.ts";

export interface FakeRuntimeSettings {
  readonly name: string;
  readonly version: string;
  /** Empty: does not say it, as runtimes with NRI before 0.12. */
  readonly nriVersion: string;
  readonly requestTimeoutMs: number;
  readonly pods: readonly PodSandboxInit[];
  readonly containers: readonly ContainerInit[];
  /** Objects in one Synchronize request. */
  readonly chunkObjects: number;
  /** Carries out an unsolicited update; what it returns or throws is the answer. */
  readonly onUpdateContainers: (update: readonly ContainerUpdate[]) => readonly ContainerUpdateInit[];
}

/** Events that have no answer, by the name of their own call. */
const NOTIFICATIONS: ReadonlyMap<nri.Event, nri.PluginMethod> = new Map<nri.Event, nri.PluginMethod>([
  [nri.Event.RUN_POD_SANDBOX, "RunPodSandbox"],
  [nri.Event.STOP_POD_SANDBOX, "StopPodSandbox"],
  [nri.Event.REMOVE_POD_SANDBOX, "RemovePodSandbox"],
  [nri.Event.POST_UPDATE_POD_SANDBOX, "PostUpdatePodSandbox"],
  [nri.Event.POST_CREATE_CONTAINER, "PostCreateContainer"],
  [nri.Event.START_CONTAINER, "StartContainer"],
  [nri.Event.POST_START_CONTAINER, "PostStartContainer"],
  [nri.Event.POST_UPDATE_CONTAINER, "PostUpdateContainer"],
  [nri.Event.REMOVE_CONTAINER, "RemoveContainer"],
]);

/**
 * A plugin that registered. Its methods send one request each and resolve with the plugin's answer; they reject with an
 * NriError that has the plugin's status, CALL_TIMEOUT after the request time-out, or CONNECTION_CLOSED.
 */
export class ConnectedPlugin {
  name = "";
  index = "";
  /** What the plugin asked for in its answer to Configure; undefined before. */
  configuration: nri.ConfigureResponse | undefined;
  /** What the plugin asked to change when it was synchronized. */
  synchronizeUpdates: readonly ContainerUpdate[] = [];
  /** Resolves when the connection is closed. */
  readonly closed: Promise<NriError | undefined>;
  readonly #settings: FakeRuntimeSettings;
  readonly #accepted: net.Socket;
  readonly #socket: NriSocket;
  readonly #client: TtrpcClient;
  readonly #onRegistered: (plugin: ConnectedPlugin) => void;

  constructor(socket: net.Socket, settings: FakeRuntimeSettings, onRegistered: (plugin: ConnectedPlugin) => void) {
    this.#accepted = socket;
    this.#settings = settings;
    this.#onRegistered = onRegistered;
    const send = (bytes: Buffer): boolean => this.#socket.write(bytes);
    this.#client = new TtrpcClient(PLUGIN_CONNECTION, nri.PLUGIN_SERVICE, send);
    const server = new TtrpcServer(RUNTIME_CONNECTION, nri.RUNTIME_SERVICE, send, (call) => this.#serve(call));
    const demultiplexer = new Demultiplexer(
      new Map([
        [PLUGIN_CONNECTION, this.#client.reader],
        [RUNTIME_CONNECTION, server.reader],
      ]),
    );
    const closed = Promise.withResolvers<NriError | undefined>();
    this.closed = closed.promise;
    this.#socket = NriSocket.adopt(socket, {
      connected: () => undefined,
      received: (chunk) => demultiplexer.push(chunk),
      closed: (error) => {
        server.close();
        this.#client.close(error ?? new NriError("CONNECTION_CLOSED", "the plugin closed the connection"));
        closed.resolve(error);
      },
    });
  }

  /** Configure and Synchronize, as the runtime does after a registration. */
  async handshake(): Promise<void> {
    await this.configure();
    const { pods, containers } = this.#settings;
    this.synchronizeUpdates = await this.synchronize(pods, containers);
  }

  async configure(config = ""): Promise<nri.ConfigureResponse> {
    const { name: runtimeName, version: runtimeVersion, nriVersion, requestTimeoutMs } = this.#settings;
    const registrationTimeout = 5000;
    const request = { config, runtimeName, runtimeVersion, nriVersion, requestTimeout: requestTimeoutMs };
    const init = { ...request, registrationTimeout };
    this.configuration = await this.call("Configure", nri.writeConfigureRequest, init, nri.ConfigureResponse);
    return this.configuration;
  }

  /** In as many chunks as the settings say. */
  async synchronize(
    pods: readonly PodSandboxInit[],
    containers: readonly ContainerInit[],
  ): Promise<readonly ContainerUpdate[]> {
    const size = this.#settings.chunkObjects;
    for (let at = 0; ; at += size) {
      const chunk = { pods: pods.slice(at, at + size), containers: containers.slice(at, at + size) };
      const more = at + size < Math.max(pods.length, containers.length);
      const init = { ...chunk, more };
      const answer = await this.call("Synchronize", nri.writeSynchronizeRequest, init, nri.SynchronizeResponse);
      if (answer.more !== more) throw new Error(`the plugin answered more=${answer.more} to a chunk with more=${more}`);
      if (!more) return answer.update;
    }
  }

  createContainer(pod: PodSandboxInit, container: ContainerInit): Promise<nri.CreateContainerResponse> {
    const type = nri.CreateContainerResponse;
    return this.call("CreateContainer", nri.writeCreateContainerRequest, { pod, container }, type);
  }

  updateContainer(
    pod: PodSandboxInit,
    container: ContainerInit,
    linuxResources: LinuxResourcesInit,
  ): Promise<nri.UpdateContainerResponse> {
    const init = { pod, container, linuxResources };
    return this.call("UpdateContainer", nri.writeUpdateContainerRequest, init, nri.UpdateContainerResponse);
  }

  stopContainer(pod: PodSandboxInit, container: ContainerInit): Promise<nri.StopContainerResponse> {
    const type = nri.StopContainerResponse;
    return this.call("StopContainer", nri.writeStopContainerRequest, { pod, container }, type);
  }

  async updatePodSandbox(init: nri.UpdatePodSandboxRequestInit): Promise<void> {
    await this.call("UpdatePodSandbox", nri.writeUpdatePodSandboxRequest, init, nri.Empty);
  }

  validateContainerAdjustment(
    init: nri.ValidateContainerAdjustmentRequestInit,
  ): Promise<nri.ValidateContainerAdjustmentResponse> {
    const write = nri.writeValidateContainerAdjustmentRequest;
    const type = nri.ValidateContainerAdjustmentResponse;
    return this.call("ValidateContainerAdjustment", write, init, type);
  }

  /** An event without an answer: as its own call since NRI 0.12, or where the plugin does not know that, StateChange. */
  async notify(event: nri.Event, pod: PodSandboxInit, container?: ContainerInit): Promise<void> {
    const method = NOTIFICATIONS.get(event);
    const version = parseVersion(this.#settings.nriVersion) ?? [0, 11, 0];
    if (method !== undefined && isAtLeast(version, [0, 12, 0])) {
      try {
        // All these requests are a pod and perhaps a container.
        await this.call(method, nri.writePostCreateContainerRequest, { pod, container }, nri.Empty);
        return;
      } catch (error) {
        if (!(error instanceof NriError) || error.status !== Status.UNIMPLEMENTED) throw error;
      }
    }
    await this.call("StateChange", nri.writeStateChangeEvent, { event, pod, container }, nri.Empty);
  }

  async shutdown(): Promise<void> {
    await this.call("Shutdown", nri.writeEmpty, {}, nri.Empty);
  }

  /** Any call of the Plugin service. */
  call<T, R>(method: string, write: WriteMessage<T>, message: T, answer: ViewClass<R>): Promise<R> {
    return this.#client.call(method, write, message, answer, this.#settings.requestTimeoutMs);
  }

  /** Bytes as they are, for tests of what a broken runtime may send. */
  sendRaw(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** A runtime that hangs: it reads nothing any more. */
  pause(): void {
    this.#accepted.pause();
  }

  /** What a runtime does when it stops or evicts the plugin. */
  disconnect(): void {
    this.#socket.destroy();
  }

  #serve(call: IncomingCall): void {
    if (call.method === "RegisterPlugin") {
      const request = decode(nri.RegisterPluginRequest, call.payload);
      this.name = request.pluginName;
      this.index = request.pluginIdx;
      call.answer(nri.writeEmpty, {});
      this.#onRegistered(this);
    } else if (call.method === "UpdateContainers") {
      this.#updateContainers(call);
    } else {
      call.fail(new NriError("UNKNOWN_METHOD", `method ${call.method}`));
    }
  }

  #updateContainers(call: IncomingCall): void {
    try {
      const request = decode(nri.UpdateContainersRequest, call.payload);
      const failed = this.#settings.onUpdateContainers(request.update);
      call.answer(nri.writeUpdateContainersResponse, { failed });
    } catch (error) {
      call.fail(NriError.from(error));
    }
  }
}
