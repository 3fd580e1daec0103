import { describe, expect, test } from "vitest";
import { compileProfile, formatManifest } from "./compile.ts";
import { profileKeys } from "./keys.ts";
import { parseManifest } from "./manifest.ts";
import { compileFiles, problemsOf, testLibrary } from "./testing.ts";

const compile = (p: unknown): ReturnType<typeof compileFiles> => compileFiles({ p });

/** `value` under a key with dots. */
function at(key: string, value: unknown): unknown {
  return key.split(".").reduceRight((inner, part) => ({ [part]: inner }), value);
}

test("a manifest, byte for byte", () => {
  const { manifest } = compile({
    filesystem: { write: ["/b/"], read: ["/b", "/a"], allow_file: ["~/x"], write_file: ["/b/c"], deny: ["/a/key"] },
    workdir: { access: "write" },
    network: { listen_port: [8080, 80], listen_port_range: [[79, 80]] },
  });
  expect(formatManifest(manifest)).toMatchInlineSnapshot(`
    "{
      "version": "0.1.0",
      "filesystem": {
        "grants": [
          {
            "path": "$HOME/x",
            "access": "readwrite",
            "type": "file"
          },
          {
            "path": "$WORKDIR",
            "access": "write"
          },
          {
            "path": "/a",
            "access": "read"
          },
          {
            "path": "/b",
            "access": "readwrite"
          },
          {
            "path": "/b/c",
            "access": "write",
            "type": "file"
          }
        ]
      },
      "network": {
        "mode": "unrestricted",
        "ports": {
          "bind": [
            79,
            80,
            8080
          ]
        }
      },
      "kubefence": {
        "exceptions": [
          "/a/key"
        ],
        "volumes": "none",
        "config_volumes": true,
        "projected_volumes": false
      }
    }
    "
  `);
  expect(parseManifest(formatManifest(manifest))).toEqual(manifest);
});

test("a path that one key calls a file and another a directory is a directory", () => {
  const { grants } = compile({ filesystem: { read: ["/a"], read_file: ["/a", "/b"] } }).manifest.filesystem;
  expect(grants).toEqual([
    { path: "/a", access: "read" },
    { path: "/b", access: "read", type: "file" },
  ]);
});

describe("network", () => {
  test.each([
    [{}, { mode: "unrestricted" }],
    [{ block: true }, { mode: "blocked" }],
    [{ connect_port: [443, 53, 443] }, { mode: "unrestricted", ports: { connect: [53, 443], bind: [] } }],
    [{ listen_port: [80] }, { mode: "unrestricted", ports: { bind: [80] } }],
    [
      { connect_port: [1], listen_port: [2] },
      { mode: "unrestricted", ports: { connect: [1], bind: [2] } },
    ],
    [
      { block: true, listen_port: [80] },
      { mode: "unrestricted", ports: { connect: [], bind: [80] } },
    ],
  ])("%j becomes %j", (network, compiled) => {
    expect(compile({ network }).manifest.network).toEqual(compiled);
  });

  test.each([
    [[[2000, 1999]]],
    [[[1, 2000]]],
    [
      [
        [1, 1000],
        [2000, 2999],
      ],
    ],
  ])("ranges %j are refused", (ranges) => {
    const problems = problemsOf(() => compile({ network: { listen_port_range: ranges } }));
    expect(problems).toEqual([expect.stringContaining("KF_PROFILE_PORT: p.json:")]);
  });
});

describe("keys that are not compiled", () => {
  const rules = Object.entries(profileKeys);

  test.each(rules.filter(([, rule]) => rule.kind === "refused"))("%s is refused with what to do", (key, rule) => {
    for (const value of [["x"], { x: "y" }, true, "x", 1]) {
      const problems = problemsOf(() => compile(at(key, value)));
      expect(problems).toEqual([expect.stringMatching(/^KF_PROFILE_UNSUPPORTED: p\.json: .* cannot be enforced: /)]);
      expect(problems[0]).toContain(`${key} = ${JSON.stringify(value)}`);
    }
    const nothing = rule.kind === "refused" && rule.emptyAsks ? [null] : [null, false, "", [], {}];
    for (const value of nothing) expect(problemsOf(() => compile(at(key, value)))).toEqual([]);
  });

  test("an empty environment.allow_vars asks for an empty environment", () => {
    expect(problemsOf(() => compile({ environment: { allow_vars: [] } }))).toHaveLength(1);
  });

  test.each(rules.filter(([, rule]) => rule.kind === "holds"))("%s accepts only what is true anyway", (key, rule) => {
    const values = rule.kind === "holds" ? rule.values : [];
    for (const value of [...values, null]) expect(problemsOf(() => compile(at(key, value)))).toEqual([]);
    for (const value of ["allow_all", "pathname", true, []]) {
      expect(problemsOf(() => compile(at(key, value)))).toHaveLength(1);
    }
  });

  test.each(rules.filter(([, rule]) => rule.kind === "ignored"))("%s changes nothing", (key) => {
    const text = key.startsWith("meta.") ? "x" : ["x"];
    expect(compile(at(key, text)).manifest).toEqual(compile({}).manifest);
  });
});

test("all problems of a profile are reported at once, with profile and key", () => {
  const files = {
    q: { filesystem: { read: ["relative"] }, hooks: { a: { event: "e" } } },
    p: { extends: "q", meta: { name: "other" }, filesystem: { write: ["/nono"], deny: ["/x/**"] } },
  };
  expect(problemsOf(() => compileFiles(files))).toEqual([
    'KF_PROFILE_NAME: p.json: meta.name is "other", but the profile is p',
    "KF_PROFILE_PATH: q.json: filesystem.read: relative is not absolute",
    "KF_PROFILE_FORBIDDEN: p.json: filesystem.write: /nono reaches into /nono, where the launcher and the profiles are",
    "KF_PROFILE_PATTERN: p.json: filesystem.deny: /x/** has the wildcard **",
    expect.stringContaining("KF_PROFILE_UNSUPPORTED: q.json: hooks"),
  ]);
});

test.each(["a b", "-a", "ä", "x".repeat(65), ""])("%j is no name of a profile", (name) => {
  const problems = problemsOf(() => compileProfile(name, testLibrary({ [name]: {} })));
  expect(problems).toEqual([expect.stringContaining("KF_PROFILE_NAME")]);
});

test("an unknown profile", () => {
  expect(problemsOf(() => compileProfile("x", testLibrary({})))).toEqual([
    'KF_PROFILE_NOT_FOUND: profile: there is no profile "x"',
  ]);
});

describe("warnings", () => {
  test.each([
    [{ filesystem: { read: ["/"] } }, "/ is granted (read): everything but the exceptions"],
    [{ filesystem: { read: ["/home"] } }, "/home holds the homes of other users too"],
    [{ filesystem: { read: ["/root"] } }, "/root holds the homes of other users too"],
    [{ filesystem: { read: ["/home/*"] } }, "/home/* holds the homes of other users too"],
    [{ filesystem: { read: ["/proc/self"] } }, "/proc/self is that of the first process only"],
    [{ filesystem: { read: ["/proc/self/fd"] } }, "its children need /proc"],
    [{ filesystem: { allow: ["/usr/lib/app"] } }, "/usr/lib/app is writable"],
    [{ filesystem: { write: ["/usr"] } }, "/usr is writable"],
    [{ network: { block: true } }, "only unix sockets remain"],
    [{ network: { connect_port: [443] } }, "rules for ports hold for TCP: UDP, and with it DNS, stays open"],
    [{ filesystem: { read: ["/a/b"], deny: ["/a"] } }, "the grant of /a/b has no effect: the exception /a covers it"],
  ])("%j", (profile, warning) => {
    expect(compile(profile).warnings).toEqual([expect.stringContaining(warning)]);
  });

  test("exceptions that are lifted are named", () => {
    const files = {
      q: { filesystem: { deny: ["/k", "/j"] } },
      p: { extends: "q", kubefence: { exceptions_remove: ["/k", "/j"] } },
    };
    expect(compileFiles(files).warnings).toEqual(["exceptions are lifted: /j /k"]);
  });

  test("an ordinary profile has none", () => {
    expect(compile({ filesystem: { read: ["/usr", "/etc"], allow: ["/tmp", "/usr/local/cargo"] } }).warnings).toEqual(
      [],
    );
  });
});
