/** Builds libraries for tests. */
import { ProfileError } from "../errors.ts";
import { type Compiled, compileProfile } from "./compile.ts";
import { type Document, Library, policyShelf, type Shelf, type ShelfName } from "./library.ts";

export interface TestShelf {
  readonly groups?: Record<string, unknown>;
  readonly profiles?: Record<string, unknown>;
}

/** A library with a small built-in shelf of its own, so that tests do not depend on the profiles that ship. */
export function testLibrary(files: Record<string, unknown>, builtin: TestShelf = {}, nono?: TestShelf): Library {
  const documents = new Map<string, Document>(
    Object.entries(files).map(([name, json]) => [name, { json, where: `${name}.json` }]),
  );
  const shelves: Shelf[] = [{ name: "files", profiles: documents, groups: new Map() }, shelf("built-in", builtin)];
  return new Library(nono ? [...shelves, shelf("nono", nono)] : shelves);
}

function shelf(name: ShelfName, { groups = {}, profiles = {} }: TestShelf): Shelf {
  return policyShelf(name, { groups, profiles });
}

/** Compiles the profile `p` of `files`. */
export function compileFiles(
  files: Record<string, unknown> & { p: unknown },
  builtin?: TestShelf,
  nono?: TestShelf,
): Compiled {
  return compileProfile("p", testLibrary(files, builtin, nono));
}

/** The problems of `run`, one line each without what to do; empty when it succeeds. */
export function problemsOf(run: () => unknown): string[] {
  try {
    run();
    return [];
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return error.problems.map(({ code, where, message }) => `${code}: ${where}: ${message}`);
  }
}
