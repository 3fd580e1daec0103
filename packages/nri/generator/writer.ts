/** The outgoing side's code: a function that appends a message to a BinaryWriter, fields in the order of their numbers. */
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import { type FieldShape, type ItemType, shapeOf, tagOf, wireTypeOf } from "./field.ts";
import { initInterface } from "./init.ts";
import { propertyName, typeName } from "./names.ts";

const WRITE = "./write.js";
const WIRE = "@bufbuild/protobuf/wire";

export function generateWriter(f: GeneratedFile, message: DescMessage): void {
  const empty = message.fields.length === 0 ? "_" : "";
  const writer = [empty, "writer: ", f.import("BinaryWriter", WIRE, true)];
  const parameters = [writer, ", ", empty, "message: ", initInterface(f, message)];
  f.print();
  f.print("export function write", typeName(message), "(", parameters, "): void {");
  for (const field of message.fields.toSorted((a, b) => a.number - b.number)) generateField(f, field);
  f.print("}");
}

function generateField(f: GeneratedFile, field: DescField): void {
  const shape = shapeOf(field);
  const value = `message.${propertyName(field)}`;
  f.print("  if (", presence(shape, value), ") {");
  f.print("    ", writeCall(f, field, shape, value), ";");
  f.print("  }");
}

/** Proto3 leaves out what equals the default, except messages, whose presence means something. */
function presence(shape: FieldShape, value: string): string {
  if (shape.kind !== "single" || "message" in shape.item) return `${value} !== undefined`;
  switch (shape.item.scalar.type) {
    case "boolean":
      return value;
    case "bigint":
      return `${value} !== undefined && ${value} != 0`;
    case "number":
      return `${value} !== undefined && ${value} !== 0`;
    case "string":
      return `${value} !== undefined && ${value} !== ""`;
    case "Uint8Array":
      return `${value} !== undefined && ${value}.length > 0`;
    default:
      throw new Error(`no presence test for ${JSON.stringify(shape.item.scalar)}`);
  }
}

function writeCall(f: GeneratedFile, field: DescField, shape: FieldShape, value: string): Printable {
  const from = (name: string): Printable => f.import(name, WRITE);
  if (shape.kind === "map") {
    const target = ["(writer, ", tagOf(field, 2), ", ", value];
    if ("scalar" in shape.value && shape.value.scalar.type === "string") {
      const write = shape.key.type === "string" ? "writeStringMap" : "writeNumberMap";
      return [from(write), target, ")"];
    }
    if (!("message" in shape.value)) throw new Error(`${field.toString()}: no writer for such a map`);
    const write = shape.key.type === "string" ? "writeStringMessageMap" : "writeNumberMessageMap";
    return [from(write), target, ", ", messageWriter(f, shape.value.message), ")"];
  }
  if (shape.kind === "list") return writeList(f, field, shape.item, value);
  if ("message" in shape.item) {
    const write = messageWriter(f, shape.item.message);
    return [from("writeMessage"), "(writer, ", tagOf(field, 2), ", ", value, ", ", write, ")"];
  }
  const { method } = shape.item.scalar;
  return ["writer.uint32(", tagOf(field, wireTypeOf(shape.item)), ").", method, "(", value, ")"];
}

function writeList(f: GeneratedFile, field: DescField, item: ItemType, value: string): Printable {
  const target = ["(writer, ", tagOf(field, 2), ", ", value];
  if ("message" in item) {
    return [f.import("writeMessages", WRITE), target, ", ", messageWriter(f, item.message), ")"];
  }
  const { method } = item.scalar;
  if (method === "string") return [f.import("writeStrings", WRITE), target, ")"];
  if (method === "int32" || method === "uint32") {
    return [f.import("writePacked", WRITE), target, ", ", f.string(method), ")"];
  }
  throw new Error(`${field.toString()}: no writer for a list of ${method}`);
}

function messageWriter(f: GeneratedFile, message: DescMessage): Printable {
  return f.import(`write${typeName(message)}`, `./generated/${message.file.name}.js`);
}
