/** What every generated file should hold. generate.ts writes it; a test compares it with what is there. */
import { join } from "node:path";
import { builtinNames, builtinShelf } from "../src/profile/builtin.ts";
import { type Compiled, compileProfile, formatManifest } from "../src/profile/compile.ts";
import { Library } from "../src/profile/library.ts";
import { buildProgram } from "../src/program.ts";
import { referenceRegions } from "./pages.ts";
import { replaceRegion } from "./region.ts";
import { manifestsDirectory, referenceDirectory } from "./repository.ts";

/** Path to text. `read` gives the pages as they are, for their hand-written parts. */
export async function generatedFiles(read: (path: string) => Promise<string>): Promise<ReadonlyMap<string, string>> {
  const profiles = compileBuiltins();
  const files = new Map<string, string>();
  for (const { name, manifest } of profiles)
    files.set(join(manifestsDirectory, `${name}.json`), formatManifest(manifest));
  const program = buildProgram("", () => undefined);
  for (const [page, region] of referenceRegions(profiles, program)) {
    const path = join(referenceDirectory, page);
    files.set(path, replaceRegion(await read(path), region));
  }
  return files;
}

/** All built-in profiles, compiled. */
export function compileBuiltins(): Compiled[] {
  const library = new Library([builtinShelf]);
  return builtinNames.map((name) => compileProfile(name, library));
}
