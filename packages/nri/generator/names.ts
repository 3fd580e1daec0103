import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";

/** NRI_version → nriVersion: abbreviations are words like others. */
export function propertyName(field: DescField): string {
  const [first = "", ...rest] = field.name.split("_");
  return first.toLowerCase() + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

/** The name of a message or enum; a nested one has its parents before it. */
export function typeName(type: DescMessage | DescEnum): string {
  return type.parent === undefined ? type.name : `${typeName(type.parent)}_${type.name}`;
}

/** HostFunctions → HOST_FUNCTIONS */
export function screamingCase(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
