/** One profile or manifest, from wherever it is, with the text that show and check print. */
import { readInstalled } from "../files/installed.ts";
import { openSource, type SourceOptions } from "../files/sources.ts";
import { parseNamed, readProfileFile } from "../files/profile-file.ts";
import { type Compiled, compileProfile, formatManifest } from "../profile/compile.ts";
import type { Manifest } from "../profile/manifest.ts";
import { formatView, viewManifest } from "../profile/view.ts";

export interface Described {
  readonly name: string;
  /** "built-in", or the file. */
  readonly origin: string;
  readonly description?: string | undefined;
  readonly manifest: Manifest;
  /** The manifest's bytes: as installed, or as compiled. */
  readonly text: string;
  readonly warnings: readonly string[];
}

/**
 * A manifest file is taken as it is; a profile is compiled.
 * @throws {ProfileError} | {ManifestError}
 */
export async function describeFile(path: string, options: SourceOptions): Promise<Described> {
  const { manifest, text, compiled } = await readProfileFile(path, options);
  if (compiled !== undefined) return describeCompiled(compiled, path);
  return { name: path, origin: "manifest", manifest, text, warnings: [] };
}

/**
 * A name means what the node has installed in `directory`; else the built-in.
 * @throws {ProfileError} | {ManifestError}
 */
export async function describeName(
  name: string,
  directory: { readonly path: string; readonly required: boolean },
  options: SourceOptions,
): Promise<Described> {
  const found = (await readInstalled(directory.path, directory.required)).get(name);
  if (found)
    return { name, origin: found.path, manifest: parseNamed(found.text, found.path), text: found.text, warnings: [] };
  const source = await openSource(name, options);
  return describeCompiled(compileProfile(source.name, source.library), "built-in");
}

function describeCompiled({ name, description, manifest, warnings }: Compiled, origin: string): Described {
  return { name, origin, description, manifest, text: formatManifest(manifest), warnings };
}

/** Name, origin and description, then what it grants. */
export function formatDescribed({ name, origin, description, manifest }: Described): string {
  const head = `${name}  (${origin})\n${description === undefined ? "" : `${description}\n`}`;
  return `${head}\n${formatView(viewManifest(manifest))}`;
}
