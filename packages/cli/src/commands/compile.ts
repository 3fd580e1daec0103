/** kubefence profile compile */
import { join } from "node:path";
import { writeManifests } from "../files/by-digest.ts";
import { ProfileError } from "../errors.ts";
import { openSource, readNonoShelf, type SourceOptions } from "../files/sources.ts";
import { builtinNames } from "../profile/builtin.ts";
import { type Compiled, compileProfile, formatManifest } from "../profile/compile.ts";
import { type Output, UsageError, warningLines } from "./output.ts";

export interface CompileOptions extends SourceOptions {
  readonly output?: string | undefined;
  readonly builtin?: boolean | undefined;
  /** Every profile of nono's data that can be enforced here. */
  readonly nonoBuiltin?: boolean | undefined;
}

/**
 * Compiles profiles to manifests, onto stdout or into a directory, there also as by-digest/<sha256>.json. Nothing is
 * written unless all compile.
 * @throws {UsageError} | {ProfileError} KF_PROFILE_WRITE
 */
export async function compile(sources: readonly string[], options: CompileOptions): Promise<Output> {
  const nono = options.nonoBuiltin === true ? await nonoNames(options) : [];
  const wanted = [...(options.builtin ? builtinNames : []), ...nono, ...sources];
  if (wanted.length === 0) throw new UsageError("name a profile or a file, or use --builtin");
  if (wanted.length > 1 && options.output === undefined) throw new UsageError("several profiles need --output DIR");
  const compiled = new Map<string, Compiled>();
  const failures: unknown[] = [];
  const skipped: string[] = [];
  for (const argument of wanted) {
    try {
      const source = await openSource(argument, options);
      const result = compileProfile(source.name, source.library);
      if (compiled.has(result.name)) throw new UsageError(`two profiles are called ${result.name}`);
      compiled.set(result.name, result);
    } catch (error) {
      if (nono.includes(argument) && isUnsupported(error)) skipped.push(`skipped: ${error.message}\n`);
      else failures.push(error);
    }
  }
  if (failures.length > 0) return { failures };
  const output = await emit([...compiled.values()], options.output);
  return { ...output, stderr: `${skipped.join("")}${output.stderr ?? ""}` };
}

async function nonoNames(options: SourceOptions): Promise<string[]> {
  if (options.nonoData === undefined) throw new UsageError("--nono-builtin needs --nono-data FILE");
  return [...(await readNonoShelf(options.nonoData)).profiles.keys()].map((name) => `nono:${name}`);
}

/** What only nono's proxy or supervisor could do; `nono wrap` refuses such a profile too. */
function isUnsupported(error: unknown): error is ProfileError {
  return error instanceof ProfileError && error.problems.every(({ code }) => code === "KF_PROFILE_UNSUPPORTED");
}

async function emit(compiled: readonly Compiled[], directory: string | undefined): Promise<Output> {
  const stderr = compiled.map(({ name, warnings }) => warningLines(name, warnings)).join("");
  const files = new Map(compiled.map(({ name, manifest }) => [`${name}.json`, formatManifest(manifest)]));
  if (directory === undefined) return { stdout: [...files.values()].join(""), stderr };
  await writeManifests(directory, files);
  return { stdout: [...files.keys()].map((file) => `${join(directory, file)}\n`).join(""), stderr };
}
