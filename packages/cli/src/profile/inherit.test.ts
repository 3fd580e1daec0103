import { describe, expect, test } from "vitest";
import type { Manifest } from "./manifest.ts";
import { compileFiles, problemsOf, type TestShelf } from "./testing.ts";

const builtin: TestShelf = {
  groups: {
    programs: { allow: { read: ["/usr"] } },
    temporary: { allow: { readwrite: ["/tmp"] } },
    secrets: { deny: { access: ["~/.ssh", "/etc/shadow"] } },
    needed: { required: true, deny: { access: ["/etc/needed"] } },
  },
  profiles: {
    default: { groups: { include: ["programs", "temporary", "secrets"] }, workdir: { access: "read" } },
    wide: { extends: "default", workdir: { access: "readwrite" }, kubefence: { volumes: "readwrite" } },
  },
};
const paths = ({ filesystem }: Manifest): string[] => filesystem.grants.map(({ path, access }) => `${path} ${access}`);

type Files = Record<string, unknown> & { p: unknown };

/** `p` extends `link1`, which extends `link2`, and so on. */
function chain(length: number): Files {
  const links = Array.from({ length }, (_, index) => (index === 0 ? "p" : `link${index}`));
  return { p: {}, ...Object.fromEntries(links.map((link, at) => [link, { extends: links[at + 1] ?? null }])) };
}

function exceptions(files: Files): readonly string[] {
  return compileFiles(files, builtin).manifest.kubefence.exceptions;
}

describe("extends", () => {
  test("lists add up, scalars replace, workdir none leaves the inherited", () => {
    const { manifest, description } = compileFiles(
      {
        p: {
          extends: "wide",
          meta: { name: "p", description: "mine" },
          filesystem: { read: ["/data"] },
          workdir: { access: "none" },
          kubefence: { config_volumes: false },
        },
      },
      builtin,
    );
    expect(paths(manifest)).toEqual(["$WORKDIR readwrite", "/data read", "/tmp readwrite", "/usr read"]);
    expect(manifest.kubefence).toMatchObject({ volumes: "readwrite", config_volumes: false, projected_volumes: false });
    expect(description).toBe("mine");
  });

  test("several bases are applied left to right", () => {
    const files = {
      a: { extends: "default", kubefence: { volumes: "read", projected_volumes: true } },
      b: { extends: "default", kubefence: { volumes: "none" } },
      p: { extends: ["a", "b"] },
    };
    const { kubefence } = compileFiles(files, builtin).manifest;
    expect(kubefence).toMatchObject({ volumes: "none", projected_volumes: true });
  });

  test("a profile that extends nothing gets the groups of default, and nothing else of it", () => {
    expect(paths(compileFiles({ p: {} }, builtin).manifest)).toEqual(["/tmp readwrite", "/usr read"]);
    const excluded = compileFiles({ p: { groups: { exclude: ["temporary"] } } }, builtin).manifest;
    expect(paths(excluded)).toEqual(["/usr read"]);
  });

  test("a file may extend a built-in of its own name", () => {
    const files = { default: { extends: "default", filesystem: { read: ["/data"] } }, p: { extends: "default" } };
    expect(paths(compileFiles(files, builtin).manifest)).toContain("/data read");
  });

  test.each([
    [{ p: { extends: "q" }, q: { extends: "p" } }, "KF_PROFILE_EXTENDS: p.json: the chain p → q → p is a circle"],
    [{ p: { extends: "p" } }, 'KF_PROFILE_NOT_FOUND: p.json: extends: there is no profile "p"'],
    [{ p: { extends: "nothing" } }, 'KF_PROFILE_NOT_FOUND: p.json: extends: there is no profile "nothing"'],
    [{ p: { extends: "nono:default" } }, 'KF_PROFILE_NOT_FOUND: p.json: extends: there is no profile "nono:default"'],
    [{ p: { extends: "q" }, q: { netwerk: {} } }, "KF_PROFILE_UNKNOWN_KEY: q.json: the key netwerk is unknown"],
  ])("%j", (files, problem) => {
    expect(problemsOf(() => compileFiles(files, builtin))).toEqual([problem]);
  });

  test("a chain of ten is taken, of eleven refused", () => {
    expect(problemsOf(() => compileFiles(chain(10), builtin))).toEqual([]);
    expect(problemsOf(() => compileFiles(chain(11), builtin))[0]).toMatch(/^KF_PROFILE_EXTENDS: .* is longer than 10$/);
  });
});

describe("groups", () => {
  test.each([
    [{ include: ["programms"] }, 'KF_PROFILE_GROUP: p.json: there is no group "programms"'],
    [{ exclude: ["programms"] }, 'KF_PROFILE_GROUP: p.json: there is no group "programms"'],
    [{ exclude: ["needed"] }, "KF_PROFILE_GROUP: p.json: built-in group needed is required, not to be excluded"],
    [
      { include: [{ name: "programs", when: "linux:debian" }] },
      'KF_PROFILE_WHEN: p.json: groups.include: the condition "linux:debian" cannot be decided',
    ],
  ])("%j is refused", (groups, problem) => {
    expect(problemsOf(() => compileFiles({ p: { groups } }, builtin))).toEqual([problem]);
  });

  test("exclude wins, also over a profile that extends and includes again", () => {
    const files = { q: { groups: { exclude: ["programs"] } }, p: { extends: "q", groups: { include: ["programs"] } } };
    expect(paths(compileFiles(files, builtin).manifest)).toEqual(["/tmp readwrite"]);
  });

  test("groups of other platforms and entries with a condition that does not hold are left out", () => {
    const shelf = { groups: { mac: { platform: "macos", allow: { read: ["/Library"] } } } };
    const filesystem = {
      read: [
        { path: "/mac", when: "macos" },
        { path: "/linux", when: ["macos", "linux"] },
      ],
    };
    const { manifest } = compileFiles({ p: { groups: { include: ["mac"] }, filesystem } }, shelf);
    expect(paths(manifest)).toEqual(["/linux read"]);
  });
});

describe("platform_overrides", () => {
  test("linux is applied after all inheritance, other platforms never", () => {
    const files = {
      q: { kubefence: { volumes: "read" }, platform_overrides: { linux: { kubefence: { volumes: "none" } } } },
      p: {
        extends: "q",
        kubefence: { volumes: "readwrite" },
        platform_overrides: { linux: { filesystem: { read: ["/linux"] } }, macos: { filesystem: { read: ["/mac"] } } },
      },
    };
    const { manifest } = compileFiles(files, builtin);
    expect(manifest.kubefence.volumes).toBe("none");
    expect(paths(manifest)).toEqual(["/linux read", "/tmp readwrite", "/usr read"]);
  });
});

describe("exceptions", () => {
  const ssh = ["$HOME/.ssh", "/home/*/.ssh", "/root/.ssh"];

  test("of groups, deny and our member add up; homes are spelled in three ways", () => {
    const files = {
      q: { filesystem: { deny: ["/data/key"] } },
      p: { extends: "q", kubefence: { exceptions: ["~/.token", "/data/key"] } },
    };
    const tokens = ["$HOME/.token", "/home/*/.token", "/root/.token"];
    expect(exceptions(files)).toEqual([...ssh, ...tokens, "/data/key", "/etc/shadow"].toSorted());
  });

  test("exceptions_remove lifts those of groups and of inherited profiles, in all spellings", () => {
    const files = {
      q: { filesystem: { deny: ["/data/key"] } },
      p: { extends: "q", kubefence: { exceptions_remove: ["$HOME/.ssh", "/data/key"] } },
    };
    expect(exceptions(files)).toEqual(["/etc/shadow"]);
    expect(exceptions({ p: { kubefence: { exceptions_remove: ["/root/.ssh"] } } })).toEqual([
      "$HOME/.ssh",
      "/etc/shadow",
      "/home/*/.ssh",
    ]);
  });

  test("a later profile may except again what an earlier one lifted", () => {
    const files = {
      q: { kubefence: { exceptions_remove: ["~/.ssh"] } },
      p: { extends: "q", filesystem: { deny: ["~/.ssh"] } },
    };
    expect(exceptions(files)).toEqual([...ssh, "/etc/shadow"].toSorted());
  });

  test("to lift what is not there is an error, wherever in the chain", () => {
    const files = { q: { kubefence: { exceptions_remove: ["/etc/shadwo"] } }, p: { extends: "q" } };
    expect(problemsOf(() => exceptions(files))).toEqual([
      "KF_PROFILE_EXCEPTION: q.json: kubefence.exceptions_remove: there is no inherited exception /etc/shadwo",
    ]);
  });

  test("bypass_protection lifts exceptions of groups at and below a path, not the profile's own", () => {
    expect(exceptions({ p: { filesystem: { bypass_protection: ["~/.ssh"] } } })).toEqual(["/etc/shadow"]);
    expect(exceptions({ p: { filesystem: { bypass_protection: ["/etc", "~"] } } })).toEqual([]);
    const own = { filesystem: { deny: ["/etc/shadow"], bypass_protection: ["/etc/shadow"] } };
    expect(exceptions({ p: own })).toContain("/etc/shadow");
  });

  test("bypass_protection of a part of an exception is an error", () => {
    expect(problemsOf(() => exceptions({ p: { filesystem: { bypass_protection: ["~/.ssh/config"] } } }))).toEqual([
      "KF_PROFILE_EXCEPTION: p.json: filesystem.bypass_protection: $HOME/.ssh/config is only a part of the exception $HOME/.ssh",
    ]);
  });
});

describe("nono's own data", () => {
  const nono: TestShelf = {
    groups: {
      system: { platform: "linux", allow: { read: ["/lib"] } },
      dangerous: { deny: { commands: ["rm"] } },
      unlink: { deny: { unlink: true } },
    },
    profiles: {
      default: { groups: { include: ["system", "dangerous"] } },
      dev: { extends: "default", network: { network_profile: "developer" } },
    },
  };

  test("is asked last, or by its prefix; its profiles refer to themselves only", () => {
    expect(paths(compileFiles({ p: { extends: "default" } }, builtin, nono).manifest)).toContain("/usr read");
    const { manifest, warnings } = compileFiles({ p: { extends: "nono:default" } }, builtin, nono);
    expect(paths(manifest)).toEqual(["/lib read"]);
    expect(warnings).toEqual(["nono group dangerous: deny.commands has no effect here; a child could run them"]);
    expect(paths(compileFiles({ p: { groups: { include: ["system"] } } }, builtin, nono).manifest)).toContain(
      "/lib read",
    );
  });

  test("what needs nono's proxy can be cleared by who extends", () => {
    expect(problemsOf(() => compileFiles({ p: { extends: "dev" } }, builtin, nono))).toEqual([
      expect.stringContaining('KF_PROFILE_UNSUPPORTED: nono profile dev: network.network_profile = "developer"'),
    ]);
    const cleared = { extends: "dev", network: { network_profile: null } };
    expect(problemsOf(() => compileFiles({ p: cleared }, builtin, nono))).toEqual([]);
  });

  test("what cannot be done stays refused, though who extends asks for nothing", () => {
    const files = { q: { hooks: { a: { event: "e" } } }, p: { extends: "q", hooks: {} } };
    expect(problemsOf(() => compileFiles(files))).toEqual([
      expect.stringContaining("KF_PROFILE_UNSUPPORTED: q.json: hooks"),
    ]);
    const restored = {
      q: { security: { signal_mode: "allow_all" } },
      p: { extends: "q", security: { signal_mode: "isolated" } },
    };
    expect(problemsOf(() => compileFiles(restored))).toEqual([]);
  });

  test("a ban on removing files is refused", () => {
    expect(problemsOf(() => compileFiles({ p: { groups: { include: ["unlink"] } } }, builtin, nono))).toEqual([
      "KF_PROFILE_UNSUPPORTED: nono group unlink: deny.unlink cannot be enforced: Landlock grants removal with the right to write",
    ]);
  });
});
