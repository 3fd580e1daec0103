/** The read side of a message: a class with one getter a field. */
import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";
import { printDocumentation } from "./documentation.ts";
import { type FieldShape, type ItemType, shapeOf, tagOf, wireTypeOf } from "./field.ts";
import { propertyName, typeName } from "./names.ts";

const VIEW = "./view.js";
const READ = "./read.js";

export function generateView(f: GeneratedFile, message: DescMessage): void {
  const name = typeName(message);
  f.print();
  printDocumentation(f, message);
  f.print("export class ", name, " extends ", f.import("View", VIEW), " {");
  f.print("  protected readonly reader: ", f.import("MessageReader", VIEW, true), ";");
  f.print("  protected readonly start: number;");
  f.print("  protected readonly end: number;");
  for (const field of message.fields) f.print("  #", propertyName(field), slotOf(f, shapeOf(field)), ";");
  generateScan(f, message);
  for (const field of message.fields) {
    generateGetter(f, field);
    generateLookup(f, field);
    generateSpans(f, field);
  }
  f.print("}");
}

/** The TypeScript type of one item, and of the whole field as its getter gives it. */
function itemType(f: GeneratedFile, item: ItemType): Printable {
  if ("message" in item) return viewClass(f, item.message);
  return item.enum === undefined ? item.scalar.type : enumType(f, item.enum);
}

export function enumType(f: GeneratedFile, enumeration: DescEnum): Printable {
  return f.import(typeName(enumeration), `./generated/${enumeration.file.name}.js`, true);
}

function fieldType(f: GeneratedFile, shape: FieldShape): Printable {
  if (shape.kind === "list") return ["readonly ", itemType(f, shape.item), "[]"];
  if (shape.kind === "map") return ["ReadonlyMap<", shape.key.type, ", ", itemType(f, shape.value), ">"];
  return "message" in shape.item ? [itemType(f, shape.item), " | undefined"] : itemType(f, shape.item);
}

export function viewClass(f: GeneratedFile, message: DescMessage): Printable {
  return f.import(typeName(message), `./generated/${message.file.name}.js`);
}

/** Numbers of 32 bits and booleans are decoded by the scan itself: skipping them costs as much. */
function isDecodedByScan(shape: FieldShape): boolean {
  return shape.kind === "single" && "scalar" in shape.item && ["boolean", "number"].includes(shape.item.scalar.type);
}

function slotOf(f: GeneratedFile, shape: FieldShape): Printable {
  const type = fieldType(f, shape);
  const slot = f.import("Slot", VIEW, true);
  if (shape.kind === "list") return [": ", slot, "<", type, "> = ", f.import("NO_ITEMS", VIEW)];
  if (shape.kind === "map") return [": ", slot, "<", type, "> = ", f.import("NO_ENTRIES", VIEW)];
  if ("message" in shape.item) return [": ", f.import("Occurrences", READ, true), " | ", type];
  const { empty } = shape.item.scalar;
  const initial = empty === "NO_BYTES" ? f.import("NO_BYTES", VIEW) : empty;
  return isDecodedByScan(shape) ? [": ", type, " = ", initial] : [": ", slot, "<", type, "> = ", initial];
}

function generateScan(f: GeneratedFile, message: DescMessage): void {
  f.print();
  f.print("  constructor(reader: ", f.import("MessageReader", VIEW, true), ", end: number) {");
  f.print("    super();");
  f.print("    this.reader = reader;");
  f.print("    this.start = reader.pos;");
  f.print("    this.end = end;");
  f.print("    try {");
  f.print("      while (reader.pos < end) {");
  f.print("        const at = reader.pos;");
  f.print("        const tag = reader.varint();");
  f.print("        switch (tag) {");
  for (const field of message.fields) generateCase(f, field);
  f.print("          default:");
  f.print("            ", f.import("skipUnknown", VIEW), "(reader, at, tag);");
  f.print("        }");
  f.print("      }");
  f.print("      ", f.import("checkEnd", VIEW), "(reader, end);");
  f.print("    } catch (cause) {");
  f.print("      throw ", f.import("malformed", VIEW), "(", f.string(typeName(message)), ", cause);");
  f.print("    }");
  f.print("  }");
}

function generateCase(f: GeneratedFile, field: DescField): void {
  const shape = shapeOf(field);
  const slot = `this.#${propertyName(field)}`;
  const item = shape.kind === "map" ? undefined : shape.item;
  const wireType = item === undefined ? 2 : wireTypeOf(item);
  const skip = [f.import(wireType === 2 ? "skipLengthDelimited" : "skipVarint", VIEW), "(reader);"];
  const caseOf = (tag: number): void => f.print("          case ", tag, ":");
  const line = (...code: Printable[]): void => f.print("            ", ...code);

  caseOf(tagOf(field, wireType));
  if (shape.kind !== "single") {
    const none = f.import(shape.kind === "list" ? "NO_ITEMS" : "NO_ENTRIES", VIEW);
    line("if (", slot, " === ", none, ") ", slot, " = at;");
    line(skip);
    if (wireType === 0) {
      line("break;");
      caseOf(tagOf(field, 2));
      line("if (", slot, " === ", none, ") ", slot, " = at;");
      line(f.import("skipLengthDelimited", VIEW), "(reader);");
    }
  } else if ("message" in shape.item) {
    line(slot, " = ", f.import("occursAgain", READ), "(", slot, ", reader.pos);");
    line(skip);
  } else if (isDecodedByScan(shape)) {
    line(slot, " = reader.", shape.item.scalar.method, "();");
  } else {
    line(slot, " = reader.pos;");
    line(skip);
  }
  line("break;");
}

function generateGetter(f: GeneratedFile, field: DescField): void {
  const shape = shapeOf(field);
  const name = propertyName(field);
  f.print();
  printDocumentation(f, field, "  ");
  f.print("  get ", name, "(): ", fieldType(f, shape), " {");
  if (isDecodedByScan(shape)) {
    f.print("    return this.#", name, ";");
  } else {
    f.print("    const slot = this.#", name, ";");
    const decoded = ["(this.#", name, " = ", readCall(f, field, shape), ")"];
    if (shape.kind === "single" && "message" in shape.item) {
      const type = viewClass(f, shape.item.message);
      f.print("    return slot === undefined || slot instanceof ", type, " ? slot : ", decoded, ";");
    } else {
      f.print('    return typeof slot === "number" ? ', decoded, " : slot;");
    }
  }
  f.print("  }");
}

/** Getters decode a field whole; of these fields a handler may want one entry out of dozens. */
const LOOKUPS: ReadonlyMap<string, string> = new Map([
  ["annotations", "annotation"],
  ["env", "envStartingWith"],
]);

function generateLookup(f: GeneratedFile, field: DescField): void {
  const lookup = LOOKUPS.get(propertyName(field));
  const shape = shapeOf(field);
  if (lookup === undefined || shape.kind === "single") return;
  const isMap = shape.kind === "map";
  if (isMap ? !isString(shape.value) : !isString(shape.item)) return;
  const slot = `this.#${propertyName(field)}`;
  const range = ["(this.reader, slot, this.end, ", tagOf(field, 2)];
  f.print();
  if (isMap) {
    f.print("  /** One of the ", propertyName(field), ", without decoding the others. The key must be ASCII. */");
    f.print("  ", lookup, "(key: string): string | undefined {");
    f.print("    const slot = ", slot, ";");
    f.print('    return typeof slot === "number" ? ', f.import("readValue", READ), range, ", key) : slot.get(key);");
  } else {
    f.print(
      "  /** Those of `",
      propertyName(field),
      "` that begin with one of the prefixes, in order, without decoding the others. They must be ASCII. */",
    );
    f.print("  ", lookup, "(...prefixes: readonly string[]): readonly string[] {");
    f.print("    const slot = ", slot, ";");
    f.print(
      '    if (typeof slot !== "number") return slot.filter((item) => prefixes.some((prefix) => item.startsWith(prefix)));',
    );
    f.print("    return ", f.import("readStringsWith", READ), range, ", prefixes);");
  }
  f.print("  }");
}

/** Lists of messages that a handler may want to look through without decoding their strings. */
const SPANS: ReadonlyMap<string, string> = new Map([["mounts", "mountSpans"]]);

function generateSpans(f: GeneratedFile, field: DescField): void {
  const name = SPANS.get(propertyName(field));
  const shape = shapeOf(field);
  if (name === undefined || shape.kind !== "list" || !("message" in shape.item)) return;
  const slot = `this.#${propertyName(field)}`;
  const spans = f.import("Spans", "./spans.js");
  const strings = shape.item.message.fields.filter(isSingleString);
  const highest = Math.max(...strings.map(({ number }) => number));
  f.print();
  f.print("  /** The ", propertyName(field), " as positions in the message, without decoding any. */");
  f.print("  ", name, "(): ", spans, " {");
  f.print("    const slot = ", slot, ";");
  f.print('    const first = typeof slot === "number" ? slot : this.start;');
  f.print("    return new ", spans, "(this.reader, first, this.end, ", tagOf(field, 2), ", ", highest, ");");
  f.print("  }");
}

function isSingleString(field: DescField): boolean {
  const shape = shapeOf(field);
  return shape.kind === "single" && isString(shape.item);
}

function isString(item: ItemType): boolean {
  return "scalar" in item && item.scalar.type === "string";
}

function readCall(f: GeneratedFile, field: DescField, shape: FieldShape): Printable {
  const from = (name: string): Printable => f.import(name, READ);
  if (shape.kind === "list") {
    const range = ["(this.reader, slot, this.end, ", tagOf(field, wireTypeOf(shape.item))];
    if ("message" in shape.item) return [from("readMessages"), range, ", ", viewClass(f, shape.item.message), ")"];
    const { method } = shape.item.scalar;
    if (method === "string") return [from("readStrings"), range, ")"];
    return [from("readList"), range, ", ", from(method), ")"];
  }
  if (shape.kind === "map") {
    const range = ["(this.reader, slot, this.end, ", tagOf(field, 2), ", "];
    return [from("readMap"), range, from(`${shape.key.method}Key`), ", ", mapValue(f, shape.value), ")"];
  }
  if ("message" in shape.item) {
    return [from("readMessage"), "(this.reader, slot, ", viewClass(f, shape.item.message), ")"];
  }
  const { method } = shape.item.scalar;
  return [from(`read${method.charAt(0).toUpperCase()}${method.slice(1)}`), "(this.reader, slot)"];
}

function mapValue(f: GeneratedFile, value: ItemType): Printable {
  if ("message" in value) return [f.import("messageValue", READ), "(", viewClass(f, value.message), ")"];
  return f.import(`${value.scalar.method}Value`, READ);
}
