import * as fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { builtInProfiles } from "./generated/built-in.ts";
import { readManifest } from "./manifest.ts";

function read(manifest: object): ReturnType<typeof readManifest> {
  return readManifest(JSON.stringify({ version: "0.1.0", ...manifest }));
}

test("a manifest of nono's own, without our member, grants no volumes", () => {
  expect(read({ filesystem: { grants: [{ path: "/usr", access: "read" }] } })).toEqual({
    volumes: "none",
    configVolumes: false,
    projectedVolumes: false,
    literalExceptions: [],
    restrictsTcp: false,
    broken: undefined,
    barrier: undefined,
  });
});

test("our member is read", () => {
  const kubefence = {
    exceptions: ["/etc/shadow", "$HOME/.ssh", "/etc/ssh/ssh_host_*_key", "/run//secrets/", "/user/$UID"],
    volumes: "readwrite",
    config_volumes: true,
    projected_volumes: true,
  };
  expect(read({ kubefence, filesystem: { deny: [{ path: "/etc/sudoers" }] } })).toMatchObject({
    volumes: "readwrite",
    configVolumes: true,
    projectedVolumes: true,
    literalExceptions: ["/etc/shadow", "/run/secrets", "/etc/sudoers"],
    broken: undefined,
  });
});

test.each([
  [{ mode: "blocked" }, true],
  [{ mode: "unrestricted" }, false],
  [{ mode: "unrestricted", ports: {} }, false],
  [{ ports: { connect: [443] } }, true],
  [{ ports: { bind: [] } }, true],
])("network %j restricts TCP: %s", (network, restrictsTcp) => {
  expect(read({ network }).restrictsTcp).toBe(restrictsTcp);
});

describe("a manifest that cannot be used says why", () => {
  test.each([
    [{ version: "0.2.0" }, "its version is"],
    [{ version: undefined }, "its version is"],
    [{ kubefence: [] }, "kubefence is no object"],
    [{ kubefence: { volumes: "write" } }, 'kubefence.volumes is "write"'],
    [{ kubefence: { config_volumes: "yes" } }, 'kubefence.config_volumes is "yes"'],
    [{ kubefence: { projected_volumes: 1 } }, "kubefence.projected_volumes is 1"],
    [{ kubefence: { exceptions: "/etc" } }, "kubefence.exceptions is no array"],
    [{ kubefence: { exceptions: [1] } }, "an exception is 1"],
    [{ filesystem: { deny: ["/etc"] } }, "filesystem.deny is no object"],
    [{ network: "blocked" }, "network is no object"],
  ])("%j", (manifest, reason) => {
    expect(read(manifest).broken).toContain(reason);
  });

  test.each(["", "{", "null", "[]", '"x"', "1"])("%j is no manifest", (text) => {
    expect(readManifest(text).broken).toBeDefined();
  });

  test("property: no text makes it throw, and nothing broken grants anything", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const profile = readManifest(text);
        expect(profile.broken).toBeDefined();
        expect(profile).toMatchObject({ volumes: "none", configVolumes: false, projectedVolumes: false });
      }),
    );
  });
});

test("the built-in table is what the generated manifests say", () => {
  const directory = new URL("../../../../profiles/generated/", import.meta.url);
  const manifests = readdirSync(directory).map((file): [string, unknown] => [
    file.replace(/\.json$/, ""),
    readManifest(readFileSync(new URL(file, directory), "utf8")),
  ]);
  expect(new Map(builtInProfiles())).toEqual(new Map(manifests));
});
