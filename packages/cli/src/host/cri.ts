/**
 * The few calls of the CRI that node set-up needs, on node:http2: a gRPC client for them would be ten times this file, in a
 * program that runs as root. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { connect as connectSocket } from "node:net";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { messageOf } from "../thrown.ts";

const maxMessageBytes = 16 * 1024 * 1024;

/** A pod sandbox as ListPodSandbox tells of it. */
export interface ListedSandbox {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly isReady: boolean;
  readonly handler: string;
}

/** A handler that the runtime has loaded, and what its OCI runtime answered when it was asked at the runtime's start. */
export interface LoadedHandler {
  readonly name: string;
  readonly recursiveReadOnlyMounts: boolean;
  readonly userNamespaces: boolean;
}

/** Handlers that the runtime has loaded, what the Node's .status.runtimeHandlers shows. Rejects when it does not answer. */
export async function loadedHandlers(socket: string): Promise<LoadedHandler[]> {
  const handlers: LoadedHandler[] = [];
  readFields(await callCri(socket, "Status"), (field, reader) => {
    if (field !== 3) return false;
    handlers.push(readHandler(reader.bytes()));
    return true;
  });
  return handlers;
}

function readHandler(bytes: Uint8Array): LoadedHandler {
  let [name, recursiveReadOnlyMounts, userNamespaces] = ["", false, false];
  readFields(bytes, (field, reader) => {
    if (field === 1) name = reader.string();
    else if (field === 2) {
      readFields(reader.bytes(), (inner, innerReader) => {
        if (inner === 1) recursiveReadOnlyMounts = innerReader.bool();
        else if (inner === 2) userNamespaces = innerReader.bool();
        else return false;
        return true;
      });
    } else return false;
    return true;
  });
  return { name, recursiveReadOnlyMounts, userNamespaces };
}

/** Every pod sandbox that the runtime has, also ended ones. Rejects when it does not answer. */
export async function listSandboxes(socket: string): Promise<ListedSandbox[]> {
  const sandboxes: ListedSandbox[] = [];
  readFields(await callCri(socket, "ListPodSandbox"), (field, reader) => {
    if (field !== 1) return false;
    sandboxes.push(readSandbox(reader.bytes()));
    return true;
  });
  return sandboxes;
}

const exited = 2;

/** Ids of the sandboxes in which a container has not ended. Rejects when the runtime does not answer. */
export async function sandboxesInUse(socket: string): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  readFields(await callCri(socket, "ListContainers"), (field, reader) => {
    if (field !== 1) return false;
    let [sandbox, state] = ["", 0];
    readFields(reader.bytes(), (inner, innerReader) => {
      if (inner === 2) sandbox = innerReader.string();
      else if (inner === 6) state = innerReader.int32();
      else return false;
      return true;
    });
    if (state !== exited) ids.add(sandbox);
    return true;
  });
  return ids;
}

function readSandbox(bytes: Uint8Array): ListedSandbox {
  let [id, name, namespace, handler, state] = ["", "", "", "", 0];
  readFields(bytes, (field, reader) => {
    if (field === 1) id = reader.string();
    else if (field === 2) {
      readFields(reader.bytes(), (inner, innerReader) => {
        if (inner === 1) name = innerReader.string();
        else if (inner === 3) namespace = innerReader.string();
        else return false;
        return true;
      });
    } else if (field === 3) state = reader.int32();
    else if (field === 7) handler = reader.string();
    else return false;
    return true;
  });
  return { id, name, namespace, handler, isReady: state === 0 };
}

/** `take` reads the field's value, or answers false to have it skipped. */
export function readFields(bytes: Uint8Array, take: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (!take(field, reader)) reader.skip(type, field);
  }
}

/** Calls a method of runtime.v1.RuntimeService; messages are encoded. Rejects with what the runtime says. */
export function callCri(
  socket: string,
  method: string,
  request: Uint8Array = new Uint8Array(),
  timeoutMs = 5000,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const fail = (reason: unknown): void => {
      clearTimeout(timer);
      session.destroy();
      reject(new Error(`CRI ${method} on ${socket}: ${messageOf(reason)}`));
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const session = connectHttp2("http://localhost", { createConnection: () => connectSocket(socket) });
    session.on("error", fail);
    const stream = session.request({
      ":method": "POST",
      ":path": `/runtime.v1.RuntimeService/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let failure: string | undefined;
    const takeStatus = (headers: IncomingHttpHeaders): void => {
      const { "grpc-status": status, "grpc-message": message } = headers;
      if (status !== undefined && status !== "0") failure = decoded(message?.toString() ?? "");
    };
    stream.on("response", takeStatus);
    stream.on("trailers", takeStatus);
    stream.on("error", fail);
    stream.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxMessageBytes) fail(new Error("the answer is too large"));
    });
    stream.on("end", () => {
      const answer = Buffer.concat(chunks);
      // One byte says whether it is compressed, four have the length.
      if (failure !== undefined) return fail(new Error(failure));
      if (answer.length < 5 || answer[0] !== 0 || answer.readUInt32BE(1) !== answer.length - 5) {
        return fail(new Error("the answer is no gRPC message"));
      }
      clearTimeout(timer);
      session.close();
      return resolve(answer.subarray(5));
    });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(request.length, 1);
    stream.end(Buffer.concat([prefix, request]));
  });
}

/** gRPC's percent-encoding; a text that is none stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
