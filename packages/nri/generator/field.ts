/** What the generator must know of a field: its TypeScript type, its tags, and which kind of code it needs. */
import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

export interface Scalar {
  /** Name of the method of BinaryReader and BinaryWriter. */
  readonly method: "string" | "bytes" | "bool" | "int32" | "uint32" | "int64" | "uint64";
  readonly type: "string" | "Uint8Array" | "boolean" | "number" | "bigint";
  readonly wireType: 0 | 2;
  readonly empty: string;
}

/** The scalar types that NRI and ttRPC use. Another one is an error of the generator, not a silent guess. */
const SCALARS: ReadonlyMap<ScalarType, Scalar> = new Map([
  [ScalarType.STRING, { method: "string", type: "string", wireType: 2, empty: '""' }],
  [ScalarType.BYTES, { method: "bytes", type: "Uint8Array", wireType: 2, empty: "NO_BYTES" }],
  [ScalarType.BOOL, { method: "bool", type: "boolean", wireType: 0, empty: "false" }],
  [ScalarType.INT32, { method: "int32", type: "number", wireType: 0, empty: "0" }],
  [ScalarType.UINT32, { method: "uint32", type: "number", wireType: 0, empty: "0" }],
  [ScalarType.INT64, { method: "int64", type: "bigint", wireType: 0, empty: "0n" }],
  [ScalarType.UINT64, { method: "uint64", type: "bigint", wireType: 0, empty: "0n" }],
]);

/** A scalar or an enum (which travels as int32), or a message. */
export type ItemType = { scalar: Scalar; enum?: DescEnum } | { message: DescMessage };

export type FieldShape =
  | { kind: "single"; item: ItemType }
  | { kind: "list"; item: ItemType }
  | { kind: "map"; key: Scalar; value: ItemType };

export function shapeOf(field: DescField): FieldShape {
  switch (field.fieldKind) {
    case "scalar":
    case "enum":
    case "message":
      return { kind: "single", item: itemOf(field, field) };
    case "list":
      return { kind: "list", item: itemOf(field, field) };
    case "map":
      return { kind: "map", key: scalarOf(field, field.mapKey), value: itemOf(field, field) };
    default:
      return field satisfies never;
  }
}

interface ItemDescription {
  scalar?: ScalarType | undefined;
  enum?: DescEnum | undefined;
  message?: DescMessage | undefined;
}

function itemOf(field: DescField, described: ItemDescription): ItemType {
  if (described.message !== undefined) return { message: described.message };
  if (described.enum !== undefined) return { scalar: scalarOf(field, ScalarType.INT32), enum: described.enum };
  return { scalar: scalarOf(field, described.scalar) };
}

function scalarOf(field: DescField, type: ScalarType | undefined): Scalar {
  const scalar = type === undefined ? undefined : SCALARS.get(type);
  if (scalar === undefined) throw new Error(`${field.toString()}: this generator does not know its scalar type`);
  return scalar;
}

export function wireTypeOf(item: ItemType): 0 | 2 {
  return "scalar" in item ? item.scalar.wireType : 2;
}

export function tagOf(field: DescField, wireType: 0 | 2): number {
  return (field.number << 3) | wireType;
}
