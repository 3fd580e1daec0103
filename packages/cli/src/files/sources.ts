/** Collects what a profile refers to: the files beside it, the built-in set, nono's own data. */
import { basename, dirname, join } from "node:path";
import { ProfileError } from "../errors.ts";
import { builtinShelf } from "../profile/builtin.ts";
import { parseProfileJson } from "../profile/json.ts";
import { type Document, Library, policyShelf, type Shelf } from "../profile/library.ts";
import { profileNamePattern } from "../profile/manifest.ts";
import { checkPolicy, checkProfile } from "../profile/schema.ts";
import { readText } from "./read.ts";
import { isMissing } from "../thrown.ts";

/** A profile to compile: its name, and the library in which that name and all it refers to are found. */
export interface Source {
  readonly name: string;
  readonly library: Library;
}

export interface SourceOptions {
  /** nono's data/policy.json, as further groups and profiles. */
  readonly nonoData?: string | undefined;
}

/** True for what can only be a path; everything else is a name. */
export function isPath(argument: string): boolean {
  return argument.includes("/") || /\.jsonc?$/.test(argument);
}

/**
 * Reads what `argument` (a file or a name) needs.
 * @throws {ProfileError}
 */
export async function openSource(argument: string, options: SourceOptions = {}): Promise<Source> {
  const behind = [builtinShelf, ...(options.nonoData === undefined ? [] : [await readNonoShelf(options.nonoData)])];
  if (!isPath(argument)) return { name: argument, library: new Library(behind) };
  const name = profileNameOf(argument);
  const json = parseProfileJson(await readText(argument), argument);
  const profiles = new Map<string, Document>([[name, { json, where: argument }]]);
  await addSiblings(dirname(argument), { json, where: argument }, profiles, 0);
  const files: Shelf = { name: "files", profiles, groups: new Map() };
  return { name, library: new Library([files, ...behind]) };
}

/** nono's limit for a chain of extends; the compiler names the circle, this only keeps from reading for ever. */
const maxDepth = 10;

async function addSiblings(
  directory: string,
  profile: Document,
  found: Map<string, Document>,
  depth: number,
): Promise<void> {
  for (const name of namesExtendedBy(profile)) {
    if (found.has(name) || depth > maxDepth || !profileNamePattern.test(name)) continue;
    const sibling = await readSibling(directory, name);
    if (!sibling) continue;
    found.set(name, sibling);
    await addSiblings(directory, sibling, found, depth + 1);
  }
}

async function readSibling(directory: string, name: string): Promise<Document | undefined> {
  for (const file of [join(directory, `${name}.json`), join(directory, `${name}.jsonc`)]) {
    try {
      return { json: parseProfileJson(await readText(file), file), where: file };
    } catch (error) {
      if (!isMissingFile(error)) throw error;
    }
  }
  return undefined;
}

function namesExtendedBy({ json, where }: Document): readonly string[] {
  const names = checkProfile(json, where).extends ?? [];
  return typeof names === "string" ? [names] : names;
}

function isMissingFile(error: unknown): boolean {
  return error instanceof ProfileError && isMissing(error.cause);
}

/** nono's data/policy.json as a shelf. @throws {ProfileError} */
export async function readNonoShelf(path: string): Promise<Shelf> {
  return policyShelf("nono", checkPolicy(parseProfileJson(await readText(path), path), path));
}

function profileNameOf(path: string): string {
  return basename(path).replace(/\.jsonc?$/, "");
}
