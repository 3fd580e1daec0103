/**
 * Where names of profiles and groups are looked up: the operator's files, then what is built in, then nono's own data.
 * A profile refers only to its own shelf and those behind it; `nono:NAME` asks nono's data whatever else has the name.
 */
import { ProfileError, type Problem } from "../errors.ts";
import { checkGroup, checkProfile } from "./schema.ts";
import type { Group, ProfileSource } from "./source.ts";

export type ShelfName = "files" | "built-in" | "nono";

/** JSON that is not checked yet, and how messages call it. */
export interface Document {
  readonly json: unknown;
  readonly where: string;
}

export interface Shelf {
  readonly name: ShelfName;
  readonly profiles: ReadonlyMap<string, Document>;
  readonly groups: ReadonlyMap<string, Document>;
}

export interface FoundProfile {
  readonly name: string;
  readonly where: string;
  readonly shelf: Shelf;
  readonly source: ProfileSource;
}

export interface FoundGroup {
  /** Unique among all shelves. */
  readonly id: string;
  readonly where: string;
  readonly group: Group;
}

const nonoPrefix = "nono:";

export class Library {
  readonly #shelves: readonly Shelf[];

  /** In order of precedence. */
  constructor(shelves: readonly Shelf[]) {
    this.#shelves = shelves;
  }

  /**
   * The profile `name`. `from` is the profile that refers to it: itself is never found, so that an operator's `default`
   * may extend ours. Undefined when there is none.
   * @throws {ProfileError} when it is there but malformed.
   */
  profile(name: string, from?: FoundProfile): FoundProfile | undefined {
    for (const shelf of this.#visible(name, from?.shelf)) {
      const plain = withoutPrefix(name);
      if (shelf === from?.shelf && plain === from.name) continue;
      const found = shelf.profiles.get(plain);
      if (found) return { name: plain, where: found.where, shelf, source: checkProfile(found.json, found.where) };
    }
    return undefined;
  }

  /** @throws {ProfileError} when it is there but malformed. */
  group(name: string, from: Shelf): FoundGroup | undefined {
    for (const shelf of this.#visible(name, from)) {
      const plain = withoutPrefix(name);
      const found = shelf.groups.get(plain);
      if (found)
        return { id: `${shelf.name}:${plain}`, where: found.where, group: checkGroup(found.json, found.where) };
    }
    return undefined;
  }

  /**
   * The profile whose groups every profile without `extends` gets, as in nono: nono's `default` for nono's own, else ours.
   * Undefined for those two themselves.
   */
  implied(of: FoundProfile): FoundProfile | undefined {
    const home = of.shelf.name === "nono" ? "nono" : "built-in";
    const shelf = this.#shelves.find((candidate) => candidate.name === home);
    if (!shelf || (of.shelf === shelf && of.name === "default")) return undefined;
    const found = shelf.profiles.get("default");
    return found && { name: "default", where: found.where, shelf, source: checkProfile(found.json, found.where) };
  }

  #visible(name: string, from: Shelf | undefined): readonly Shelf[] {
    if (name.startsWith(nonoPrefix)) return this.#shelves.filter((shelf) => shelf.name === "nono");
    return from ? this.#shelves.slice(this.#shelves.indexOf(from)) : this.#shelves;
  }
}

/** The shelf of a file like nono's policy.json. */
export function policyShelf(
  name: ShelfName,
  policy: { groups: Record<string, unknown>; profiles: Record<string, unknown> },
): Shelf {
  const documents = (kind: string, entries: Record<string, unknown>): ReadonlyMap<string, Document> =>
    new Map(Object.entries(entries).map(([key, json]) => [key, { json, where: `${name} ${kind} ${key}` }]));
  return { name, profiles: documents("profile", policy.profiles), groups: documents("group", policy.groups) };
}

/** The problem of a name that nothing has. */
export function notFound(kind: "profile" | "group", name: string, where: string): Problem {
  return {
    code: kind === "profile" ? "KF_PROFILE_NOT_FOUND" : "KF_PROFILE_GROUP",
    where,
    message: `there is no ${kind} ${JSON.stringify(name)}`,
    hint: name.startsWith(nonoPrefix) ? "name nono's data/policy.json with --nono-data" : undefined,
  };
}

/** @throws {ProfileError} always. */
export function throwNotFound(name: string, where: string): never {
  throw new ProfileError([notFound("profile", name, where)]);
}

function withoutPrefix(name: string): string {
  return name.startsWith(nonoPrefix) ? name.slice(nonoPrefix.length) : name;
}
