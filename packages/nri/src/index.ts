/** @kubefence/nri: plugins for the Node Resource Interface of containerd and CRI-O. README.md is the guide. */
export { AdjustmentBuilder } from "./adjustment.ts";
export type { BackoffLimits } from "./backoff.ts";
export { NRI_ERRORS, NriError, type NriErrorCode, Status } from "./errors.ts";
export type { Call, CreateContainerResult, PluginHandlers, ValidationResult } from "./handlers.ts";
export { DEFAULT_SOCKET_PATH, NriPlugin, type PluginEvents, type PluginOptions, type UpdateOptions } from "./plugin.ts";
export { Rehearsal } from "./rehearsal.ts";
export { describeRuntime, isAtLeast, parseVersion, type RuntimeInfo, type Version } from "./runtime-version.ts";
export * from "./schema/generated/nri/adjustment.ts";
export * from "./schema/generated/nri/container.ts";
export * from "./schema/generated/nri/linux.ts";
export * from "./schema/generated/nri/optional.ts";
export * from "./schema/generated/nri/ownership.ts";
export * from "./schema/generated/nri/resources.ts";
export * from "./schema/generated/nri/service.ts";
export type { Spans } from "./schema/spans.ts";
export { bytesOf, decode, type View, type ViewClass } from "./schema/view.ts";
export {
  encode,
  preencoded,
  type Int64Init,
  type NumberMapInit,
  type StringMapInit,
  type WriteMessage,
} from "./schema/write.ts";
export type { Endpoint } from "./socket.ts";
