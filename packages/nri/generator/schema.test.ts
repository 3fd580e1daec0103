/** proto/nri is ours; api-fields.tsv is the protocol's list of every name and number. They must not differ. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type AnyDesc, createFileRegistry, type DescField, fromBinary, ScalarType } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { getComments } from "@bufbuild/protoplugin";
import { expect, test } from "vitest";

const PACKAGE = "nri.pkg.api.v1alpha1.";
const workspaceRoot = new URL("../../..", import.meta.url).pathname;

test("proto/nri has every name, number, type and first version of the protocol, and no other", () => {
  expect(described().toSorted()).toEqual(listed().toSorted());
}, 60_000);

function listed(): string[] {
  const [, ...lines] = readFileSync(new URL("api-fields.tsv", import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => line.split("\t").join(" | "));
}

function described(): string[] {
  const set = execFileSync(
    "node_modules/.bin/buf",
    ["build", "packages/nri/proto", "--path", "packages/nri/proto/nri", "-o", "-"],
    {
      cwd: workspaceRoot,
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
  const rows: string[] = [];
  for (const type of registry) {
    const name = type.typeName.slice(PACKAGE.length);
    const since = sinceOf(type) ?? "v0.2.0";
    const add = (...cells: (string | number)[]): number => rows.push(cells.join(" | "));
    if (type.kind === "service") {
      add("service", name, "", "", "", "", since);
      for (const method of type.methods) {
        const signature = `${method.input.name} -> ${method.output.name}`;
        add("rpc", name, "", method.name, signature, "unary", sinceOf(method) ?? since);
      }
    } else if (type.kind === "enum") {
      const owner = type.parent === undefined ? since : (sinceOf(type.parent) ?? since);
      add("enum", name, "", "", "", "", owner);
      for (const value of type.values) {
        add("enum_value", name, value.number, value.name, "", "", sinceOf(value) ?? owner);
      }
    } else if (type.kind === "message") {
      add("message", name, "", "", "", "", since);
      for (const field of type.fields) {
        add("field", name, field.number, field.name, typeOf(field), labelOf(field), sinceOf(field) ?? since);
      }
    }
  }
  return rows;
}

function sinceOf(type: Exclude<AnyDesc, { kind: "file" }>): string | undefined {
  const match = /Since NRI (\S+)\./.exec(getComments(type).leading ?? "");
  return match?.[1] === undefined ? undefined : `v${match[1]}`;
}

function labelOf(field: DescField): string {
  if (field.fieldKind === "map") return "map";
  return field.fieldKind === "list" ? "repeated" : "";
}

function typeOf(field: DescField): string {
  const item = field.message?.name ?? field.enum?.name ?? scalarName(field.scalar);
  return field.fieldKind === "map" ? `map<${scalarName(field.mapKey)},${item}>` : item;
}

function scalarName(scalar: ScalarType | undefined): string {
  return scalar === undefined ? "" : (ScalarType[scalar] ?? "").toLowerCase();
}
