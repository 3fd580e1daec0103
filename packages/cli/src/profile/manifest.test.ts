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

/** The whole message of what is wrong with it. */
function message(json: unknown): string {
  try {
    parseManifest(JSON.stringify(json));
  } catch (error) {
    if (error instanceof ManifestError && error.name === "ManifestError") return error.message;
    throw error;
  }
  return "";
}

/** A manifest with so many blanks in it. */
function blanks(count: number, more = ""): string {
  return `{"version":"0.1.0","$schema":"${more}${" ".repeat(count)}"}`;
}

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

  test.each<[unknown, string]>([
    [[], "the manifest is no object"],
    [1, "the manifest is no object"],
    [null, "the manifest is no object"],
    [{}, "version is not 0.1.x"],
    [{ version: [version] }, "version is not 0.1.x"],
    [{ version: "10.1.0" }, "version is not 0.1.x"],
    [{ version: "00.1.0" }, "version is not 0.1.x"],
    [{ version: "0.1.0-rc.1" }, "version is not 0.1.x"],
    [{ version: "0.1.1234567890" }, "version is not 0.1.x"],
    [{ version, $schema: 1 }, "$schema is no string"],
    [{ version, other: 1 }, "other is not known"],
    [{ version, filesystem: 1 }, "filesystem is no object"],
    [{ version, filesystem: { grant: [] } }, "filesystem.grant is not known"],
    [{ version, filesystem: { grants: null } }, "filesystem.grants is null"],
    [{ version, filesystem: { grants: "x" } }, "filesystem.grants is no list"],
    [{ version, filesystem: { grants: [null] } }, "filesystem.grants[0] is no object"],
    [{ version, filesystem: { deny: {} } }, "filesystem.deny is no list"],
    [{ version, filesystem: { deny: [{}] } }, "filesystem.deny[0] is no string"],
    [{ version, filesystem: { deny: [{ path: "/a", x: 1 }] } }, "filesystem.deny[0].x is not known"],
    [
      { version, filesystem: { grants: [{ path: "/a", access: "exec" }] } },
      "filesystem.grants[0].access is none of read, write, readwrite",
    ],
    [
      { version, filesystem: { grants: [{ path: "/a", access: "read", type: "x" }] } },
      "filesystem.grants[0].type is none of file, directory",
    ],
    [
      { version, filesystem: { grants: [{ path: "a", access: "read" }] } },
      'filesystem.grants[0].path "a" is no path of a manifest',
    ],
    [
      { version, filesystem: { grants: [{ path: `/${"a".repeat(4095)}`, access: "read" }] } },
      "filesystem.grants[0].path is longer than 4095 bytes",
    ],
    [{ version, network: { net: 1 } }, "network.net is not known"],
    [{ version, network: { mode: "open" } }, "network.mode is none of unrestricted, blocked, proxy"],
    [{ version, network: { mode: "proxy" } }, "network.mode: there is no proxy in a container"],
    [{ version, network: { dns: 1 } }, "network.dns is neither true nor false"],
    [{ version, network: { dns: false } }, "network.dns: name resolution cannot be cut"],
    [{ version, network: { endpoints: {} } }, "network.endpoints: cannot be enforced by the launcher"],
    [
      { version, network: { ports: { localhost_range: [[1, 2]] } } },
      "network.ports.localhost_range: cannot be enforced by the launcher",
    ],
    [{ version, network: { ports: { connect: {} } } }, "network.ports.connect is no list"],
    ...[0, 65536, 1.5, "80", true].map((port): [unknown, string] => [
      { version, network: { ports: { connect: [443, port] } } },
      "network.ports.connect[1] is no port of 1 to 65535",
    ]),
    [{ version, network: { mode: "blocked", ports: { connect: [1] } } }, "network.ports mode blocked allows no port"],
    [{ version, process: { mode: 1 } }, "process.mode is not known"],
    [{ version, process: { allowed_commands: "x" } }, "process.allowed_commands: cannot be enforced by the launcher"],
    [{ version, process: { exec_strategy: "supervised" } }, "process.exec_strategy: nothing supervises a container"],
    [{ version, process: { ipc_mode: "x" } }, "process.ipc_mode is none of shared_memory_only, full"],
    [{ version, kubefence: { volumes: "write" } }, "kubefence.volumes is none of none, read, readwrite"],
    [{ version, kubefence: { projected_volumes: 0 } }, "kubefence.projected_volumes is neither true nor false"],
    [{ version, kubefence: { exceptions: [1] } }, "kubefence.exceptions[0] is no string"],
  ])("%j: %s", (json, expected) => {
    expect(message(json)).toBe(expected);
  });

  test("every value that it may have is taken", () => {
    for (const access of ["read", "write", "readwrite"]) {
      for (const type of ["file", "directory"]) {
        const grant = { path: "/a", access, type };
        const manifest = JSON.stringify({ version: "0.1.123456789", filesystem: { grants: [grant] } });
        expect(parseManifest(manifest).filesystem.grants).toEqual([grant]);
      }
    }
    for (const volumes of ["none", "read", "readwrite"]) {
      expect(parseManifest(JSON.stringify({ version, kubefence: { volumes } })).kubefence.volumes).toBe(volumes);
    }
    for (const ports of [{ connect: [1, 65535] }, { bind: [80] }, { connect: [], bind: [] }]) {
      const network = { mode: "unrestricted", ports };
      expect(parseManifest(JSON.stringify({ version, network })).network).toEqual(network);
    }
    for (const ports of [undefined, {}, { connect: [], bind: [] }, { connect: [] }, { bind: [] }]) {
      const network = { mode: "blocked", ports };
      expect(parseManifest(JSON.stringify({ version, network })).network).toEqual({ mode: "blocked" });
    }
  });

  test("it may have 1048576 bytes of UTF-8, and paths of 4095", () => {
    const room = maxManifestBytes - blanks(0).length;
    expect(problem(blanks(room))).toBe("");
    expect(problem(blanks(room + 1))).toBe("KF_MANIFEST_TOO_LARGE: ");
    // Two bytes in UTF-8, one unit of a string.
    expect(problem(blanks(room - 1, "ä"))).toBe("KF_MANIFEST_TOO_LARGE: ");
    expect(problem(blanks(room - 2, "ä"))).toBe("");
    expect(() => parseManifest(blanks(room + 1))).toThrow("larger than 1048576 bytes");
    expect(message({ version, kubefence: { exceptions: [`/${"a".repeat(4094)}`] } })).toBe("");
    expect(message({ version, kubefence: { exceptions: [`/${"ä".repeat(2048)}`] } })).toContain("4095");
  });

  test.each(["/", "/a", "/a/*", "$HOME", "$WORKDIR/x", "/run/$UID/$UID-x", "/$UID/a_"])(
    "%s is a path of a manifest",
    (path) => {
      expect(problem({ version, kubefence: { exceptions: [path] } })).toBe("");
    },
  );

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
