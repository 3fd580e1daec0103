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
  readonly #client: Client;
  readonly #service: ServiceDefinition;

  private constructor(client: Client, service: ServiceDefinition) {
    this.#client = client;
    this.#service = service;
  }

  /** Connects, waiting until the socket answers; throws after `timeoutMs`. */
  static async open(
    socketPath: string,
    service: "RuntimeService" | "ImageService",
    timeoutMs = 20_000,
  ): Promise<CriConnection> {
    definition ??= loadDefinition();
    const serviceDefinition = (await definition)[`runtime.v1.${service}`];
    if (serviceDefinition === undefined || "format" in serviceDefinition) {
      throw new Error(`cri.proto describes no service ${service}`);
    }
    const client = new Client(`unix://${socketPath}`, credentials.createInsecure(), {
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.max_reconnect_backoff_ms": 200,
      "grpc.max_receive_message_length": 64 * 1024 * 1024,
    });
    await new Promise<void>((resolve, reject) => {
      client.waitForReady(Date.now() + timeoutMs, (error) => {
        if (error === undefined) {
          resolve();
        } else {
          reject(new Error(`no answer from ${socketPath} within ${timeoutMs} ms`, { cause: error }));
        }
      });
    });
    return new CriConnection(client, serviceDefinition);
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

  /** Opens a server stream. */
  stream<Message>(method: string, request: object): ClientReadableStream<Message> {
    const { path, requestSerialize, responseDeserialize } = this.#method(method);
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
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
