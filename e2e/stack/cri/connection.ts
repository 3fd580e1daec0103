import { join } from "node:path";
import { Client, type ClientReadableStream, credentials, type ServiceDefinition } from "@grpc/grpc-js";
import { load, type PackageDefinition } from "@grpc/proto-loader";
import { containerdRelease } from "../directories.ts";

let definition: Promise<PackageDefinition> | undefined;

// The schema ships in the Go module k8s.io/cri-api, in the version that this containerd itself requires.
function loadDefinition(): Promise<PackageDefinition> {
  return load(join(containerdRelease().binaries, "cri.proto"), { longs: String, enums: String, defaults: true });
}

/** One service of the CRI, `RuntimeService` or `ImageService`, over a unix socket. Field names are camelCase. */
export class CriConnection {
  readonly #socketPath: string;
  readonly #service: ServiceDefinition;
  #client: Client;

  private constructor(socketPath: string, service: ServiceDefinition) {
    this.#socketPath = socketPath;
    this.#service = service;
    this.#client = newClient(socketPath);
  }

  /** Prepares a connection, which is made by the first call and again after each loss. */
  static async open(socketPath: string, service: "RuntimeService" | "ImageService"): Promise<CriConnection> {
    definition ??= loadDefinition();
    const serviceDefinition = (await definition)[`runtime.v1.${service}`];
    if (serviceDefinition === undefined || "format" in serviceDefinition) {
      throw new Error(`cri.proto describes no service ${service}`);
    }
    return new CriConnection(socketPath, serviceDefinition);
  }

  /** Drops the connection and makes a new one: after a restart a client may not have noticed yet that its old one is dead. */
  async reconnect(timeoutMs: number): Promise<void> {
    this.#client.close();
    this.#client = newClient(this.#socketPath);
    await this.untilConnected(timeoutMs);
  }

  /** Waits until the socket answers. */
  untilConnected(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.waitForReady(Date.now() + timeoutMs, (error) => {
        if (error === undefined) {
          resolve();
        } else {
          reject(new Error(`containerd's CRI does not answer within ${timeoutMs} ms`, { cause: error }));
        }
      });
    });
  }

  /** Calls one method; rejects with grpc's ServiceError, whose `details` is what the kubelet would show. */
  call<Response>(method: string, request: object, timeoutMs = 60_000): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = this.#method(method);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          if (error === null) {
            resolve(response);
          } else {
            reject(error);
          }
        },
      );
    });
  }

  /** Opens a server stream; when the connection is lost it just brings nothing more. */
  stream<Message>(method: string, request: object): ClientReadableStream<Message> {
    const { path, requestSerialize, responseDeserialize } = this.#method(method);
    const messages = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
    return messages.on("error", () => {});
  }

  close(): void {
    this.#client.close();
  }

  #method(name: string): ServiceDefinition[string] {
    const method = this.#service[name];
    if (method === undefined) {
      throw new Error(`the CRI has no method ${name}`);
    }
    return method;
  }
}

function newClient(socketPath: string): Client {
  return new Client(`unix://${socketPath}`, credentials.createInsecure(), {
    // Else clients of the same socket share connections, and a new client gets the dead one.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.initial_reconnect_backoff_ms": 50,
    "grpc.max_reconnect_backoff_ms": 200,
    "grpc.max_receive_message_length": 64 * 1024 * 1024,
  });
}
