import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ProfileError } from "../errors.ts";
import { profileKeys } from "./keys.ts";
import { checkGroup, checkPolicy, checkProfile, profileSchema } from "./schema.ts";

const messages = (run: () => unknown): string[] => {
  try {
    run();
  } catch (error) {
    if (error instanceof ProfileError) return error.problems.map(({ code, message }) => `${code}: ${message}`);
    throw error;
  }
  return [];
};

describe("profile schema", () => {
  test("knows the keys of the key table, no more and no less", () => {
    const leaves = leafKeys(z.toJSONSchema(profileSchema, { unrepresentable: "any", io: "input", reused: "inline" }));
    const inTable = Object.keys(profileKeys).filter((key) => key !== "platform_overrides.linux");
    expect(leaves.filter((key) => !key.startsWith("platform_overrides.linux")).toSorted()).toEqual(inTable.toSorted());
    const overridden = leaves.flatMap((key) => /^platform_overrides\.linux\.(.*)/.exec(key)?.[1] ?? []);
    const allowed = inTable.filter((key) => key !== "extends" && !key.startsWith("platform_overrides"));
    expect(overridden.toSorted()).toEqual(allowed.toSorted());
  });

  test("every unknown key is named", () => {
    expect(messages(() => checkProfile({ filesystem: { read: [{ path: "/a", if: "linux" }] } }, "p"))).toEqual([
      "KF_PROFILE_UNKNOWN_KEY: the key filesystem.read.0.if is unknown",
    ]);
    const profile = { filesytem: {}, network: { blocked: true }, platform_overrides: { linux: { extends: "x" } } };
    expect(messages(() => checkProfile(profile, "p"))).toEqual([
      "KF_PROFILE_UNKNOWN_KEY: the key network.blocked is unknown",
      "KF_PROFILE_UNKNOWN_KEY: the key platform_overrides.linux.extends is unknown",
      "KF_PROFILE_UNKNOWN_KEY: the key filesytem is unknown",
    ]);
  });

  test.each([
    [[], "the profile: invalid input: expected object, received array"],
    [{ filesystem: [] }, "filesystem: invalid input: expected object, received array"],
    [{ filesystem: { read: "/etc" } }, "filesystem.read: invalid input: expected array, received string"],
    [{ filesystem: { read: [1] } }, "filesystem.read.0: expected a path or { path, when }"],
    [{ network: { connect_port: [0] } }, "network.connect_port.0: too small"],
    [{ network: { listen_port_range: [[1, 2, 3]] } }, "network.listen_port_range.0: too big"],
    [{ workdir: { access: "rw" } }, "workdir.access: invalid option"],
    [{ extends: [] }, "extends: "],
    [{ kubefence: { volumes: "write" } }, "kubefence.volumes: invalid option"],
    [{ kubefence: { exceptions: null } }, "kubefence.exceptions: invalid input"],
  ])("%j: %s", (profile, message) => {
    const found = messages(() => checkProfile(profile, "p"));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`KF_PROFILE_VALUE: ${message}`);
  });

  test("groups and policy files are as strict", () => {
    expect(messages(() => checkGroup({ allow: { exec: ["/bin"] } }, "g"))).toEqual([
      "KF_PROFILE_UNKNOWN_KEY: the key allow.exec is unknown",
    ]);
    expect(messages(() => checkPolicy({ groups: {}, profile: {} }, "f"))).toEqual([
      "KF_PROFILE_UNKNOWN_KEY: the key profile is unknown",
    ]);
    expect(messages(() => checkPolicy({}, "f"))).toHaveLength(1);
  });

  test("what is right is handed on as it is", () => {
    const profile = { extends: ["a"], filesystem: { read: [{ path: "/a", when: "linux" }] }, skipdirs: [1] };
    expect(checkProfile(profile, "p")).toEqual(profile);
    expect(checkGroup({ required: true, deny: { unlink: true } }, "g")).toEqual({
      required: true,
      deny: { unlink: true },
    });
    expect(checkPolicy({ meta: 1, groups: { a: {} } }, "f")).toEqual({ groups: { a: {} }, profiles: {} });
    expect(checkPolicy({ groups: {}, profiles: { b: 1 } }, "f")).toEqual({ groups: {}, profiles: { b: 1 } });
  });
});

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Dotted paths of everything that is not an object with keys of its own. */
function leafKeys(schema: JsonSchema, at = ""): string[] {
  const object = [schema, ...(schema.anyOf ?? [])].find((part) => part.properties);
  if (!object) return [at];
  return Object.entries(object.properties ?? {}).flatMap(([key, value]) =>
    typeof value === "object" ? leafKeys(value, at === "" ? key : `${at}.${key}`) : [],
  );
}
