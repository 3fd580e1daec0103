/** The lifecycle events of NRI: which handler takes each, and how its request and answer look. */
import { checkAdjustment } from "./adjustment-limits.ts";
import { NriError } from "./errors.ts";
import type { HandlerCall, HandlerMethod } from "./handler-call.ts";
import type { PluginHandlers } from "./handlers.ts";
import type { ContainerUpdateInit } from "./schema/generated/nri/adjustment.ts";
import type { Container, PodSandbox } from "./schema/generated/nri/container.ts";
import * as nri from "./schema/generated/nri/service.ts";
import { decode, type ViewClass } from "./schema/view.ts";

/** Every handler of an event. The bit of an event is 1 << (event - 1). */
const EVENT_HANDLERS: readonly (readonly [keyof PluginHandlers, nri.Event])[] = [
  ["runPodSandbox", nri.Event.RUN_POD_SANDBOX],
  ["stopPodSandbox", nri.Event.STOP_POD_SANDBOX],
  ["removePodSandbox", nri.Event.REMOVE_POD_SANDBOX],
  ["createContainer", nri.Event.CREATE_CONTAINER],
  ["postCreateContainer", nri.Event.POST_CREATE_CONTAINER],
  ["startContainer", nri.Event.START_CONTAINER],
  ["postStartContainer", nri.Event.POST_START_CONTAINER],
  ["updateContainer", nri.Event.UPDATE_CONTAINER],
  ["postUpdateContainer", nri.Event.POST_UPDATE_CONTAINER],
  ["stopContainer", nri.Event.STOP_CONTAINER],
  ["removeContainer", nri.Event.REMOVE_CONTAINER],
  ["updatePodSandbox", nri.Event.UPDATE_POD_SANDBOX],
  ["postUpdatePodSandbox", nri.Event.POST_UPDATE_POD_SANDBOX],
  ["validateContainerAdjustment", nri.Event.VALIDATE_CONTAINER_ADJUSTMENT],
];

/** The event mask of what is implemented. */
export function eventsOf(handlers: PluginHandlers): number {
  let mask = 0;
  for (const [name, event] of EVENT_HANDLERS) if (handlers[name] !== undefined) mask |= 1 << (event - 1);
  return mask;
}

/** Events of pods and of containers that have no answer: the same handlers for both styles of runtimes. */
type PodEvent = "runPodSandbox" | "stopPodSandbox" | "removePodSandbox" | "postUpdatePodSandbox";
type ContainerEvent =
  | "postCreateContainer"
  | "startContainer"
  | "postStartContainer"
  | "postUpdateContainer"
  | "removeContainer";

/** Serves one call: decodes its request, runs the handler, answers. */
export type Serve = (call: HandlerCall, handlers: PluginHandlers) => void;

/** The methods that runtimes call for events. Runtimes before NRI 0.12 send most of them as StateChange. */
export const EVENT_METHODS: ReadonlyMap<string, Serve> = new Map<nri.PluginMethod, Serve>([
  ["RunPodSandbox", podEvent("runPodSandbox", nri.RunPodSandboxRequest)],
  ["StopPodSandbox", podEvent("stopPodSandbox", nri.StopPodSandboxRequest)],
  ["RemovePodSandbox", podEvent("removePodSandbox", nri.RemovePodSandboxRequest)],
  ["PostUpdatePodSandbox", podEvent("postUpdatePodSandbox", nri.PostUpdatePodSandboxRequest)],
  ["PostCreateContainer", containerEvent("postCreateContainer", nri.PostCreateContainerRequest)],
  ["StartContainer", containerEvent("startContainer", nri.StartContainerRequest)],
  ["PostStartContainer", containerEvent("postStartContainer", nri.PostStartContainerRequest)],
  ["PostUpdateContainer", containerEvent("postUpdateContainer", nri.PostUpdateContainerRequest)],
  ["RemoveContainer", containerEvent("removeContainer", nri.RemoveContainerRequest)],
  [
    "StateChange",
    serve({
      invoke: (handlers, call) => stateChange(handlers, decode(nri.StateChangeEvent, call.payload), call),
      respond: nothing,
      write: nri.writeEmpty,
    }),
  ],
  [
    "CreateContainer",
    serve({
      invoke(handlers, call) {
        const request = decode(nri.CreateContainerRequest, call.payload);
        return handlers.createContainer?.(pod(request), container(request), call);
      },
      respond(result, call) {
        if (result?.adjust !== undefined) checkAdjustment(result.adjust, call.nriVersion);
        return result ?? {};
      },
      write: nri.writeCreateContainerResponse,
    }),
  ],
  [
    "UpdateContainer",
    serve({
      invoke(handlers, call) {
        const request = decode(nri.UpdateContainerRequest, call.payload);
        return handlers.updateContainer?.(pod(request), container(request), request.linuxResources, call);
      },
      respond: updates,
      write: nri.writeUpdateContainerResponse,
    }),
  ],
  [
    "StopContainer",
    serve({
      invoke(handlers, call) {
        const request = decode(nri.StopContainerRequest, call.payload);
        return handlers.stopContainer?.(pod(request), container(request), call);
      },
      respond: updates,
      write: nri.writeStopContainerResponse,
    }),
  ],
  [
    "UpdatePodSandbox",
    serve({
      invoke(handlers, call) {
        const request = decode(nri.UpdatePodSandboxRequest, call.payload);
        const { overheadLinuxResources, linuxResources } = request;
        return handlers.updatePodSandbox?.(pod(request), overheadLinuxResources, linuxResources, call);
      },
      respond: nothing,
      write: nri.writeEmpty,
    }),
  ],
  [
    "ValidateContainerAdjustment",
    serve({
      invoke(handlers, call) {
        return handlers.validateContainerAdjustment?.(
          decode(nri.ValidateContainerAdjustmentRequest, call.payload),
          call,
        );
      },
      respond: (result) => result ?? {},
      write: nri.writeValidateContainerAdjustmentResponse,
    }),
  ],
]);

export function serve<Result, Message>(method: HandlerMethod<Result, Message>): Serve {
  return (call, handlers) => call.run(method, handlers);
}

function podEvent(name: PodEvent, request: ViewClass<{ readonly pod: PodSandbox | undefined }>): Serve {
  return serve({
    invoke: (handlers, call) => handlers[name]?.(pod(decode(request, call.payload)), call),
    respond: nothing,
    write: nri.writeEmpty,
  });
}

interface ContainerRequest {
  readonly pod: PodSandbox | undefined;
  readonly container: Container | undefined;
}

function containerEvent(name: ContainerEvent, type: ViewClass<ContainerRequest>): Serve {
  return serve({
    invoke(handlers, call) {
      const request = decode(type, call.payload);
      return handlers[name]?.(pod(request), container(request), call);
    },
    respond: nothing,
    write: nri.writeEmpty,
  });
}

/** Events of newer runtimes, which have no name here, are answered and otherwise ignored. */
function stateChange(handlers: PluginHandlers, change: nri.StateChangeEvent, call: HandlerCall): void | Promise<void> {
  switch (change.event) {
    case nri.Event.RUN_POD_SANDBOX:
      return handlers.runPodSandbox?.(pod(change), call);
    case nri.Event.STOP_POD_SANDBOX:
      return handlers.stopPodSandbox?.(pod(change), call);
    case nri.Event.REMOVE_POD_SANDBOX:
      return handlers.removePodSandbox?.(pod(change), call);
    case nri.Event.POST_UPDATE_POD_SANDBOX:
      return handlers.postUpdatePodSandbox?.(pod(change), call);
    case nri.Event.POST_CREATE_CONTAINER:
      return handlers.postCreateContainer?.(pod(change), container(change), call);
    case nri.Event.START_CONTAINER:
      return handlers.startContainer?.(pod(change), container(change), call);
    case nri.Event.POST_START_CONTAINER:
      return handlers.postStartContainer?.(pod(change), container(change), call);
    case nri.Event.POST_UPDATE_CONTAINER:
      return handlers.postUpdateContainer?.(pod(change), container(change), call);
    case nri.Event.REMOVE_CONTAINER:
      return handlers.removeContainer?.(pod(change), container(change), call);
    default:
      return undefined;
  }
}

function pod(request: { readonly pod: PodSandbox | undefined }): PodSandbox {
  if (request.pod === undefined) throw new NriError("MISSING_FIELD", "the request has no pod");
  return request.pod;
}

function container(request: ContainerRequest): Container {
  if (request.container === undefined) throw new NriError("MISSING_FIELD", "the request has no container");
  return request.container;
}

function nothing(): object {
  return {};
}

function updates(update: readonly ContainerUpdateInit[] | undefined | void): {
  update?: readonly ContainerUpdateInit[];
} {
  return update === undefined ? {} : { update };
}
