import { describe, expect, test } from "vitest";
import { ProfileError } from "../errors.ts";
import { Library, notFound, policyShelf, throwNotFound, type Shelf } from "./library.ts";

const files: Shelf = {
  name: "files",
  profiles: new Map([
    ["default", { json: { extends: "default" }, where: "default.json" }],
    ["mine", { json: {}, where: "mine.json" }],
    ["broken", { json: { netwerk: {} }, where: "broken.json" }],
  ]),
  groups: new Map([["tools", { json: { description: "mine" }, where: "tools.json" }]]),
};
const builtin = policyShelf("built-in", {
  groups: { tools: { description: "built in" }, broken: { allow: { exec: [] } } },
  profiles: { default: { meta: { description: "built in" } }, wide: {} },
});
const nono = policyShelf("nono", {
  groups: { tools: {}, system: {} },
  profiles: { default: { meta: { description: "nono's" } }, dev: {} },
});
const library = new Library([files, builtin, nono]);

/** Where a profile is found, from the profile that asks. */
function profileFrom(from: [string, string] | undefined, name: string): string | undefined {
  const asking = from && library.profile(from[0] === "nono" ? `nono:${from[1]}` : from[1]);
  return library.profile(name, asking)?.where;
}

describe("a profile", () => {
  test.each<[[string, string] | undefined, string, string | undefined]>([
    [undefined, "default", "default.json"],
    [undefined, "wide", "built-in profile wide"],
    [undefined, "dev", "nono profile dev"],
    [undefined, "nono:default", "nono profile default"],
    [undefined, "nono:wide", undefined],
    [undefined, "files:default", undefined],
    [undefined, "nothing", undefined],
    // Never itself, but the next of its name.
    [["files", "default"], "default", "built-in profile default"],
    [["files", "mine"], "default", "default.json"],
    [["files", "mine"], "mine", undefined],
    // Nothing that is in front of it.
    [["built-in", "wide"], "default", "built-in profile default"],
    [["built-in", "wide"], "mine", undefined],
    [["nono", "dev"], "wide", undefined],
    [["nono", "dev"], "default", "nono profile default"],
    [["nono", "default"], "nono:default", undefined],
    [["files", "default"], "nono:default", "nono profile default"],
  ])("from %j, %s is %s", (from, name, where) => {
    expect(profileFrom(from, name)).toBe(where);
  });

  test("comes with its name, shelf and source", () => {
    expect(library.profile("nono:default")).toEqual({
      name: "default",
      where: "nono profile default",
      shelf: nono,
      source: { meta: { description: "nono's" } },
    });
  });

  test("that is malformed is an error, not somebody else's", () => {
    expect(() => library.profile("broken")).toThrow("broken.json");
  });
});

describe("a group", () => {
  test.each<[string, Shelf, string | undefined]>([
    ["tools", files, "files:tools"],
    ["tools", builtin, "built-in:tools"],
    ["tools", nono, "nono:tools"],
    ["nono:tools", files, "nono:tools"],
    ["system", builtin, "nono:system"],
    ["broken", nono, undefined],
  ])("%s, asked from %o", (name, from, id) => {
    expect(library.group(name, from)?.id).toBe(id);
  });

  test("comes with where it is and what it says", () => {
    expect(library.group("tools", builtin)).toEqual({
      id: "built-in:tools",
      where: "built-in group tools",
      group: { description: "built in" },
    });
  });

  test("that is malformed is an error", () => {
    expect(() => library.group("broken", builtin)).toThrow("built-in group broken");
  });
});

test.each([
  ["mine", "built-in profile default"],
  ["default", "built-in profile default"],
  ["wide", "built-in profile default"],
  ["dev", "nono profile default"],
  ["nono:default", undefined],
])("%s gets the groups of %s where it extends nothing", (name, where) => {
  const found = library.profile(name);
  if (found === undefined) throw new Error("not found");
  expect(library.implied(found)?.where).toBe(where);
});

test("the two defaults get nobody's, and without a shelf there is nothing to get", () => {
  const own = new Library([builtin]).profile("default");
  if (own === undefined) throw new Error("not found");
  expect(library.implied(own)).toBeUndefined();
  expect(new Library([files]).implied(own)).toBeUndefined();
  const empty = new Library([policyShelf("built-in", { groups: {}, profiles: { mine: {} } })]);
  const mine = empty.profile("mine");
  expect(mine && empty.implied(mine)).toBeUndefined();
});

test("what is not there is said, and what to do where nono's data was asked for", () => {
  expect(notFound("profile", "x", "p.json")).toEqual({
    code: "KF_PROFILE_NOT_FOUND",
    where: "p.json",
    message: 'there is no profile "x"',
    hint: undefined,
  });
  expect(notFound("group", "nono:x", "p.json")).toEqual({
    code: "KF_PROFILE_GROUP",
    where: "p.json",
    message: 'there is no group "nono:x"',
    hint: "name nono's data/policy.json with --nono-data",
  });
  expect(() => throwNotFound("x", "p.json")).toThrow(ProfileError);
  expect(() => throwNotFound("x", "p.json")).toThrow('KF_PROFILE_NOT_FOUND: p.json: there is no profile "x"');
});
