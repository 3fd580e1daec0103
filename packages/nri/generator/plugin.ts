import type { DescEnum, DescFile, DescService } from "@bufbuild/protobuf";
import { createEcmaScriptPlugin, type GeneratedFile, type Plugin, type Schema } from "@bufbuild/protoplugin";
import { printDocumentation } from "./documentation.ts";
import { generateInit } from "./init.ts";
import { screamingCase, typeName } from "./names.ts";
import { generateView } from "./view.ts";
import { generateWriter } from "./writer.ts";

/** One TypeScript file for each .proto: for every message a view class, an init interface and a writer. */
export const protocGenNri: Plugin = createEcmaScriptPlugin({
  name: "protoc-gen-nri",
  version: "v1",
  generateTs,
});

function generateTs(schema: Schema): void {
  for (const file of schema.files) {
    const f = schema.generateFile(`generated/${file.name}.ts`);
    f.preamble(file);
    f.print("/* oxlint-disable */");
    generateFile(f, file);
  }
}

function generateFile(f: GeneratedFile, file: DescFile): void {
  for (const service of file.services) generateService(f, service);
  for (const enumeration of file.enums) generateEnum(f, enumeration);
  for (const message of file.messages) {
    for (const enumeration of message.nestedEnums) generateEnum(f, enumeration);
    generateView(f, message);
    generateInit(f, message);
    generateWriter(f, message);
  }
}

function generateService(f: GeneratedFile, service: DescService): void {
  f.print();
  printDocumentation(f, service);
  f.print("export const ", screamingCase(service.name), "_SERVICE = ", f.string(service.typeName), ";");
  f.print("export type ", service.name, "Method =");
  for (const method of service.methods) f.print("  | ", f.string(method.name));
  f.print(";");
}

/** Enums are open in proto3: a newer peer may send numbers that have no name here, so the type is number. */
function generateEnum(f: GeneratedFile, enumeration: DescEnum): void {
  const name = typeName(enumeration);
  f.print();
  printDocumentation(f, enumeration);
  f.print("export const ", name, " = {");
  for (const value of enumeration.values) f.print("  ", value.name, ": ", value.number, ",");
  f.print("} as const;");
  f.print("export type ", name, " = number;");
}
