/** The outgoing side's type: an interface for plain object literals, to which the view of the same message is assignable. */
import type { DescMessage } from "@bufbuild/protobuf";
import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import { printDocumentation } from "./documentation.ts";
import { type FieldShape, type ItemType, shapeOf } from "./field.ts";
import { propertyName, typeName } from "./names.ts";
import { enumType } from "./view.ts";

const WRITE = "./write.js";

export function generateInit(f: GeneratedFile, message: DescMessage): void {
  f.print();
  printDocumentation(f, message);
  if (message.fields.length === 0) {
    f.print("export type ", typeName(message), "Init = object;");
    return;
  }
  f.print("export interface ", typeName(message), "Init {");
  for (const field of message.fields) {
    const type = initType(f, shapeOf(field));
    printDocumentation(f, field, "  ");
    f.print("  readonly ", propertyName(field), "?: ", type, " | undefined;");
  }
  f.print("}");
}

export function initInterface(f: GeneratedFile, message: DescMessage): Printable {
  return f.import(`${typeName(message)}Init`, `./generated/${message.file.name}.js`, true);
}

function initType(f: GeneratedFile, shape: FieldShape): Printable {
  if (shape.kind === "single") return itemType(f, shape.item);
  if (shape.kind === "list") return ["readonly ", itemType(f, shape.item), "[]"];
  const map = f.import(shape.key.type === "string" ? "StringMapInit" : "NumberMapInit", WRITE, true);
  return [map, "<", itemType(f, shape.value), ">"];
}

function itemType(f: GeneratedFile, item: ItemType): Printable {
  if ("message" in item) return initInterface(f, item.message);
  if (item.enum !== undefined) return enumType(f, item.enum);
  return item.scalar.type === "bigint" ? f.import("Int64Init", WRITE, true) : item.scalar.type;
}
