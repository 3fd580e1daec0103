/** One profile or manifest, from wherever it is, with the text that show and check print. */
import { readInstalled } from "../files/installed.ts";
import { openSource, type SourceOptions } from "../files/sources.ts";
import { readText } from "../files/read.ts";
import { compileProfile, formatManifest } from "../profile/compile.ts";
import { parseProfileJson } from "../profile/json.ts";
import { type Manifest, ManifestError, parseManifest } from "../profile/manifest.ts";
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
  const text = await readText(path);
  if (isManifest(parseProfileJson(text, path))) {
    return { name: path, origin: "manifest", manifest: parseNamed(text, path), text, warnings: [] };
  }
  return describeSource(path, path, options);
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
  return describeSource(name, "built-in", options);
}

async function describeSource(argument: string, origin: string, options: SourceOptions): Promise<Described> {
  const source = await openSource(argument, options);
  const { name, description, manifest, warnings } = compileProfile(source.name, source.library);
  return { name, origin, description, manifest, text: formatManifest(manifest), warnings };
}

function parseNamed(text: string, path: string): Manifest {
  try {
    return parseManifest(text);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw new ManifestError(error.code, error.member, `${path}: ${error.message}`);
  }
}

/** Only manifests have a version at the top. */
function isManifest(json: unknown): boolean {
  return typeof json === "object" && json !== null && "version" in json;
}

/** Name, origin and description, then what it grants. */
export function formatDescribed({ name, origin, description, manifest }: Described): string {
  const head = `${name}  (${origin})\n${description === undefined ? "" : `${description}\n`}`;
  return `${head}\n${formatView(viewManifest(manifest))}`;
}
