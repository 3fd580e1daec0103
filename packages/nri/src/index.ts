export { type NriErrorCode, NRI_ERRORS, NriError, Status } from "./errors.ts";
export * from "./schema/generated/nri/adjustment.ts";
export * from "./schema/generated/nri/container.ts";
export * from "./schema/generated/nri/linux.ts";
export * from "./schema/generated/nri/optional.ts";
export * from "./schema/generated/nri/ownership.ts";
export * from "./schema/generated/nri/resources.ts";
export * from "./schema/generated/nri/service.ts";
