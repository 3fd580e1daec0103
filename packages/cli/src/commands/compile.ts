/** kubefence profile compile */
import { writeManifests } from "../files/by-digest.ts";
import { openSource, type SourceOptions } from "../files/sources.ts";
import { builtinNames } from "../profile/builtin.ts";
import { type Compiled, compileProfile, formatManifest } from "../profile/compile.ts";
import { type Output, UsageError, warningLines } from "./output.ts";

export interface CompileOptions extends SourceOptions {
  readonly output?: string | undefined;
  readonly builtin?: boolean | undefined;
}

/**
 * Compiles profiles to manifests, onto stdout or into a directory, there also as by-digest/<sha256>.json. Nothing is
 * written unless all compile.
 * @throws {ProfileError} | {UsageError}
 */
export async function compile(sources: readonly string[], options: CompileOptions): Promise<Output> {
  const wanted = [...(options.builtin ? builtinNames : []), ...sources];
  if (wanted.length === 0) throw new UsageError("name a profile or a file, or use --builtin");
  if (wanted.length > 1 && options.output === undefined) throw new UsageError("several profiles need --output DIR");
  const compiled = new Map<string, Compiled>();
  for (const argument of wanted) {
    const source = await openSource(argument, options);
    const result = compileProfile(source.name, source.library);
    if (compiled.has(result.name)) throw new UsageError(`two profiles are called ${result.name}`);
    compiled.set(result.name, result);
  }
  const all = [...compiled.values()];
  const stderr = all.map(({ name, warnings }) => warningLines(name, warnings)).join("");
  const texts = all.map(({ name, manifest }): [string, string] => [name, formatManifest(manifest)]);
  if (options.output === undefined) return { stdout: texts.map(([, text]) => text).join(""), stderr };
  await writeManifests(options.output, new Map(texts));
  const directory = options.output.replace(/\/+$/, "") || "/";
  return { stdout: texts.map(([name]) => `${directory === "/" ? "" : directory}/${name}.json\n`).join(""), stderr };
}
