import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ManifestError, maxManifestBytes, parseManifest } from "./manifest.ts";

const problem = (json: unknown): string => {
  const text = typeof json === "string" ? json : JSON.stringify(json);
  try {
    parseManifest(text);
    return "";
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return `${error.code}: ${error.member}`;
  }
};
const version = "0.1.0";

describe("parseManifest", () => {
  test("gives absent members the launcher's defaults", () => {
    expect(parseManifest('{"version":"0.1.7"}')).toEqual({
      version: "0.1.0",
      filesystem: { grants: [] },
      network: { mode: "unrestricted" },
      kubefence: { exceptions: [], volumes: "none", config_volumes: false, projected_volumes: false },
    });
  });

  test("reads a manifest of nono's: deny becomes exceptions, process modes are accepted", () => {
    const manifest = parseManifest(
      JSON.stringify({
        $schema: "x",
        version,
        filesystem: {
          grants: [{ path: "/etc/hostname", access: "read", type: "file" }],
          deny: [{ path: "/etc/key" }],
        },
        network: { mode: "unrestricted", dns: true, ports: { connect: [], bind: [80] }, allow_domains: [] },
        process: { signal_mode: "isolated", exec_strategy: "direct", blocked_commands: [] },
        kubefence: { exceptions: ["$HOME/.ssh"], volumes: "read", config_volumes: true, projected_volumes: true },
        credentials: [],
      }),
    );
    expect(manifest).toEqual({
      version,
      filesystem: { grants: [{ path: "/etc/hostname", access: "read", type: "file" }] },
      network: { mode: "unrestricted", ports: { connect: [], bind: [80] } },
      kubefence: {
        exceptions: ["$HOME/.ssh", "/etc/key"],
        volumes: "read",
        config_volumes: true,
        projected_volumes: true,
      },
    });
  });

  test.each([
    ["{", "KF_MANIFEST_SYNTAX: "],
    [[], "KF_MANIFEST_INVALID: "],
    [{}, "KF_MANIFEST_INVALID: version"],
    [{ version: "0.2.0" }, "KF_MANIFEST_INVALID: version"],
    [{ version, other: 1 }, "KF_MANIFEST_INVALID: other"],
    [{ version, filesystem: null }, "KF_MANIFEST_INVALID: filesystem"],
    [{ version, filesystem: { grants: {} } }, "KF_MANIFEST_INVALID: filesystem.grants"],
    [{ version, filesystem: { grants: [{ path: "/a" }] } }, "KF_MANIFEST_INVALID: filesystem.grants[0].access"],
    [{ version, filesystem: { grants: [{ access: "read" }] } }, "KF_MANIFEST_INVALID: filesystem.grants[0].path"],
    [
      { version, filesystem: { grants: [{ path: "/a", access: "read", mode: 1 }] } },
      "KF_MANIFEST_INVALID: filesystem.grants[0].mode",
    ],
    [{ version, network: { mode: "proxy" } }, "KF_MANIFEST_UNSUPPORTED: network.mode"],
    [{ version, network: { dns: false } }, "KF_MANIFEST_UNSUPPORTED: network.dns"],
    [{ version, network: { allow_domains: ["x"] } }, "KF_MANIFEST_UNSUPPORTED: network.allow_domains"],
    [{ version, network: { ports: { localhost: [1] } } }, "KF_MANIFEST_UNSUPPORTED: network.ports.localhost"],
    [{ version, network: { ports: { bind: [0] } } }, "KF_MANIFEST_INVALID: network.ports.bind[0]"],
    [{ version, network: { mode: "blocked", ports: { bind: [1] } } }, "KF_MANIFEST_INVALID: network.ports"],
    [{ version, process: { blocked_commands: ["rm"] } }, "KF_MANIFEST_UNSUPPORTED: process.blocked_commands"],
    [{ version, process: { exec_strategy: "supervised" } }, "KF_MANIFEST_UNSUPPORTED: process.exec_strategy"],
    [{ version, process: { signal_mode: "none" } }, "KF_MANIFEST_INVALID: process.signal_mode"],
    [{ version, rollback: {} }, "KF_MANIFEST_UNSUPPORTED: rollback"],
    [{ version, resources: {} }, "KF_MANIFEST_UNSUPPORTED: resources"],
    [{ version, kubefence: { volumes: "write" } }, "KF_MANIFEST_INVALID: kubefence.volumes"],
    [{ version, kubefence: { volume: "read" } }, "KF_MANIFEST_INVALID: kubefence.volume"],
    [{ version, kubefence: { config_volumes: 1 } }, "KF_MANIFEST_INVALID: kubefence.config_volumes"],
    [{ version, kubefence: { exceptions: [{}] } }, "KF_MANIFEST_INVALID: kubefence.exceptions[0]"],
    [`{"version":"0.1.0"${" ".repeat(maxManifestBytes)}}`, "KF_MANIFEST_TOO_LARGE: "],
  ])("%# is refused", (json, expected) => {
    expect(problem(json)).toBe(expected);
  });

  test.each(["/", "/a", "/a/*", "$HOME", "$WORKDIR/x", "/run/$UID/$UID-x"])("%s is a path of a manifest", (path) => {
    expect(problem({ version, kubefence: { exceptions: [path] } })).toBe("");
  });

  test.each(
    [
      "",
      "a",
      "//",
      "/a/",
      "/a/../b",
      "/./a",
      "/a\nb",
      "~/x",
      "$HOME/",
      "$HOMEX",
      "$TMPDIR",
      "/a/$HOME",
      "/$UIDX",
      "$UID",
    ].concat(["/a/${UID}", `/${"a".repeat(4095)}`, "/\ud800"]),
  )("%j is none", (path) => {
    expect(problem({ version, kubefence: { exceptions: [path] } })).toMatch(/^KF_MANIFEST_INVALID/);
  });

  test("any text is a manifest or a coded error", () => {
    const member = fc.constantFrom("version", "filesystem", "network", "process", "kubefence", "rollback");
    const json = fc.dictionary(member, fc.oneof(fc.jsonValue(), fc.constant("0.1.0")));
    const text = fc.oneof(
      fc.string(),
      json.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(text, (input) => {
        expect(problem(input)).toMatch(/^(KF_MANIFEST_|$)/);
      }),
    );
  });
});
