import type { AnyDesc } from "@bufbuild/protobuf";
import { type GeneratedFile, getComments } from "@bufbuild/protoplugin";

type Documented = Exclude<AnyDesc, { kind: "file" }>;

/** Prints the comment before a declaration of the .proto as a doc comment. */
export function printDocumentation(f: GeneratedFile, described: Documented, indentation = ""): void {
  const text = getComments(described).leading?.trim();
  if (text === undefined || text === "") return;
  const oneLine = text
    .split("\n")
    .map((line) => line.trim())
    .join(" ");
  f.print(indentation, "/** ", oneLine, " */");
}
