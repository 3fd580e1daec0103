/** Everything between the socket's bytes and the answer's, without a socket: what a broken or hostile peer can reach. */
import { NriError, type NriErrorCode } from "../errors.ts";
import { EVENT_METHODS } from "../events.ts";
import { type CallContext, HandlerCall } from "../handler-call.ts";
import type { PluginHandlers } from "../handlers.ts";
import { Demultiplexer, PLUGIN_CONNECTION, RUNTIME_CONNECTION } from "../mux.ts";
import type { Container } from "../schema/generated/nri/container.ts";
import { PLUGIN_SERVICE, RUNTIME_SERVICE } from "../schema/generated/nri/service.ts";
import { TtrpcClient } from "../ttrpc/client.ts";
import { TtrpcServer } from "../ttrpc/server.ts";

/** What the peer would see: all answers, and why the connection was closed, if it was. */
export interface Outcome {
  readonly answers: string;
  readonly closedWith: NriErrorCode | undefined;
}

/** Reads every field of whatever it is given. */
const readAll = (...messages: object[]): undefined => void JSON.stringify(messages.map((each) => ({ ...each })));

/** What reads parts of a field without decoding it: before anything is decoded. */
function lookUp(container: Container): void {
  container.annotation("nono.sh/profile");
  container.envStartingWith("PATH=", "HOME=");
  const spans = container.mountSpans();
  for (let item = 0; item < spans.length; item++) {
    for (const field of [1, 2, 3]) spans.is(item, field, spans.text(item, field));
    spans.includes(item, 4, "ro");
  }
}

const handlers: PluginHandlers = {
  runPodSandbox: (pod) => readAll(pod.toJSON()),
  stopPodSandbox: (pod) => readAll(pod.toJSON()),
  removePodSandbox: (pod) => readAll(pod.toJSON()),
  postUpdatePodSandbox: (pod) => readAll(pod.toJSON()),
  updatePodSandbox: (pod, overhead, resources) =>
    readAll(pod.toJSON(), { ...overhead?.toJSON(), ...resources?.toJSON() }),
  postCreateContainer: (pod, container) => readAll(pod.toJSON(), container.toJSON()),
  startContainer: (pod, container) => readAll(pod.toJSON(), container.toJSON()),
  postStartContainer: (pod, container) => readAll(pod.toJSON(), container.toJSON()),
  postUpdateContainer: (pod, container) => readAll(pod.toJSON(), container.toJSON()),
  removeContainer: (pod, container) => readAll(pod.toJSON(), container.toJSON()),
  // What comes in goes out again: whatever can be read can be written.
  createContainer(pod, container) {
    lookUp(container);
    readAll(pod.toJSON(), container.toJSON());
    const { annotations, mounts, args, hooks, rlimits, cdiDevices } = container;
    return { adjust: { annotations, mounts, args, hooks, rlimits, cdiDevices } };
  },
  updateContainer: (_pod, { id }, resources) => [{ containerId: id, linux: { resources } }],
  stopContainer: (pod, container) => readAll(pod.toJSON(), container.toJSON()),
  validateContainerAdjustment: (request) => readAll(request.toJSON()),
};

/** Feeds the bytes in these pieces. Throws for what must not happen: an error without a code of the wire. */
export function exercise(pieces: readonly Buffer[]): Outcome {
  const answers: Buffer[] = [];
  const send = (bytes: Buffer): boolean => answers.push(bytes) > 0;
  const context: CallContext = {
    nriVersion: [0, 12, 5],
    watch: () => undefined,
    unwatch: () => undefined,
    runSoon: () => undefined,
    report(error) {
      if (error.code !== "MALFORMED_MESSAGE" && error.code !== "MISSING_FIELD") throw error;
    },
  };
  const server = new TtrpcServer(PLUGIN_CONNECTION, PLUGIN_SERVICE, send, (call) => {
    const serve = EVENT_METHODS.get(call.method);
    if (serve === undefined) call.fail(new NriError("UNKNOWN_METHOD", `method ${call.method}`));
    else serve(new HandlerCall(call, context, Infinity), handlers);
  });
  const client = new TtrpcClient(RUNTIME_CONNECTION, RUNTIME_SERVICE, send);
  const demultiplexer = new Demultiplexer(
    new Map([
      [PLUGIN_CONNECTION, server.reader],
      [RUNTIME_CONNECTION, client.reader],
    ]),
  );
  let closedWith: NriErrorCode | undefined;
  try {
    for (const piece of pieces) demultiplexer.push(piece);
  } catch (error) {
    if (!(error instanceof NriError)) throw error;
    closedWith = error.code;
  }
  if (server.open.size > 0) throw new Error(`${server.open.size} requests have no answer`);
  return { answers: Buffer.concat(answers).toString("hex"), closedWith };
}
