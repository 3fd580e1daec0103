import { decode, encode, LinuxSeccomp, preencoded, writeLinuxSeccomp, type LinuxSeccompInit } from "@kubefence/nri";
import { describe, expect, test } from "vitest";
import { bindMount, containerInput } from "../testing/inputs.ts";
import { adjustmentFor, launcherPrefix } from "./adjustment.ts";
import { findLostAdjustment, type AdjustmentOwners, type MergedAdjustment } from "./verify.ts";

const decision = {
  kind: "sandbox",
  profile: "default",
  options: ["--rw", "/data"],
  ignoredAnnotation: undefined,
} as const;
const ours = adjustmentFor(decision, containerInput(), "/opt/nono-nri");
const expected = {
  prefix: launcherPrefix(decision),
  profile: "default",
  path: "/nono:/usr/bin:/bin",
  launcherDirectory: "/opt/nono-nri",
};
const merged: MergedAdjustment = { ...ours, env: ours.env.filter(({ key }) => !key.startsWith("-")) };

function ownedBy(plugin: string): AdjustmentOwners {
  return {
    simple: new Map([[7, plugin]]),
    compound: new Map([
      [2, { owners: new Map([["/nono", plugin]]) }],
      [
        6,
        {
          owners: new Map([
            ["PATH", plugin],
            ["NONO_PROFILE", plugin],
          ]),
        },
      ],
    ]),
  };
}

function lost(
  changes: Partial<MergedAdjustment>,
  owners: AdjustmentOwners = ownedBy("10-nono-nri"),
): string | undefined {
  return findLostAdjustment(expected, { ...merged, ...changes }, owners, "10-nono-nri");
}

describe("validation of the merged adjustment", () => {
  test("ours as we sent it passes, with or without the removals", () => {
    expect(lost({})).toBeUndefined();
    expect(lost({ env: ours.env })).toBeUndefined();
  });

  test("what other plugins add beside it passes", () => {
    const mounts = [...merged.mounts, bindMount("/cache", "/srv/cache"), bindMount("/no-no", "/srv")];
    const env = [...merged.env, { key: "TRACE", value: "1" }];
    expect(lost({ mounts, env, args: [...expected.prefix, "tini", "nginx"] })).toBeUndefined();
  });

  test.each<[string, Partial<MergedAdjustment>, RegExp]>([
    ["no args", { args: [] }, /command line/],
    ["args of another plugin", { args: ["sh", "-c", "evil"] }, /command line.*evil/],
    ["a program before ours", { args: ["strace", ...ours.args] }, /command line/],
    ["another profile", { args: ["/nono/nono", "wrap", "--profile", "workspace", "--", "nginx"] }, /command line/],
    ["a lost option", { args: ["/nono/nono", "wrap", "--profile", "default", "--", "nginx"] }, /command line/],
    ["no mount", { mounts: [] }, /mounts at \/nono are \[\]/],
    ["another source", { mounts: [bindMount("/nono", "/evil", ["bind", "ro", "rprivate"])] }, /\/evil/],
    ["a writable mount", { mounts: [bindMount("/nono", "/opt/nono-nri", ["bind", "rw", "rprivate"])] }, /mounts at/],
    ["a second mount over it", { mounts: [...merged.mounts, bindMount("/nono/", "/evil")] }, /\/evil/],
    ["a mount under it", { mounts: [...merged.mounts, bindMount("/nono/nono", "/evil")] }, /\/evil/],
    ["a mount above it", { mounts: [...merged.mounts, bindMount("/", "/evil")] }, /\/evil/],
    ["the mount's removal", { mounts: [...merged.mounts, bindMount("-/nono", "")] }, /mounts at/],
    ["another NONO_PROFILE", { env: [...merged.env, { key: "NONO_PROFILE", value: "x" }] }, /NONO_PROFILE is "x"/],
    ["no PATH", { env: merged.env.filter(({ key }) => key !== "PATH") }, /PATH is null/],
    ["a mount of another type", { mounts: merged.mounts.map((mount) => ({ ...mount, type: "tmpfs" })) }, /mounts at/],
    [
      "another spelling of its place",
      { mounts: merged.mounts.map((mount) => ({ ...mount, destination: "/nono/" })) },
      /mounts at/,
    ],
    [
      "an option more",
      { mounts: merged.mounts.map((mount) => ({ ...mount, options: [...mount.options, "exec"] })) },
      /mounts at/,
    ],
    ["a PATH that is taken away again", { env: [...merged.env, { key: "-PATH", value: expected.path }] }, /PATH is/],
    ["a removed PATH", { env: [...merged.env, { key: "-PATH", value: "" }] }, /PATH is/],
  ])("%s is found", (_name, changes, text) => {
    expect(lost(changes)).toMatch(text);
  });

  test("no adjustment, or none that is ours by its owners, is found", () => {
    expect(findLostAdjustment(expected, undefined, ownedBy("10-nono-nri"), "10-nono-nri")).toMatch(/no adjustment/);
    expect(findLostAdjustment(expected, merged, undefined, "10-nono-nri")).toBe(
      "the command line belongs to no plugin",
    );
    expect(lost({}, ownedBy("20-rogue"))).toBe("the command line belongs to plugin 20-rogue");
    const partly = ownedBy("10-nono-nri");
    expect(
      lost(
        {},
        { ...partly, compound: new Map([...partly.compound, [2, { owners: new Map([["/nono", "20-rogue"]]) }]]) },
      ),
    ).toBe("the mount at /nono belongs to plugin 20-rogue");
    for (const variable of ["PATH", "NONO_PROFILE"]) {
      const owners = new Map([
        ["PATH", "10-nono-nri"],
        ["NONO_PROFILE", "10-nono-nri"],
        [variable, "20-rogue"],
      ]);
      expect(lost({}, { ...partly, compound: new Map([...partly.compound, [6, { owners }]]) })).toBe(
        `the variable ${variable} belongs to plugin 20-rogue`,
      );
    }
    expect(lost({}, { ...partly, compound: new Map() })).toBe("the mount at /nono belongs to no plugin");
  });

  test("what is shown of a command line is its beginning", () => {
    expect(lost({ args: ["a", "b", "c", "d", "e"] })).toBe('the command line begins with ["a","b","c","d"]');
  });

  test("a launcher that is not ours is given its variables, and hears no other", () => {
    const other = {
      set: [
        { key: "HOME", value: "/nono/home" },
        { key: "TMPDIR", value: "/tmp" },
      ],
      obeys: (name: string) => ["HOME", "TMPDIR", "NONO_ALLOW"].includes(name),
    };
    const env = [...merged.env, ...other.set];
    const found = (more: readonly { key: string; value: string }[]): string | undefined =>
      findLostAdjustment(
        { ...expected, other },
        { ...merged, env: [...env, ...more] },
        ownedBy("10-nono-nri"),
        "10-nono-nri",
      );
    expect(found([])).toBeUndefined();
    expect(found([{ key: "TMPDIR", value: "/evil" }])).toBe('the variable TMPDIR is "/evil"');
    expect(found([{ key: "NONO_ALLOW", value: "/" }])).toBe(
      "the variable NONO_ALLOW, which the launcher obeys, is set",
    );
  });
});

function filter(names: string[]): LinuxSeccompInit {
  return { defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ names, action: "SCMP_ACT_ALLOW" }] };
}

/** The owners of everything that we set, with this plugin's name for the seccomp filter. */
function withFilterOf(plugin: string): AdjustmentOwners {
  const { simple, compound } = ownedBy("10-nono-nri");
  return { simple: new Map([...simple, [32, plugin]]), compound };
}

describe("the seccomp filter", () => {
  const sent = preencoded(writeLinuxSeccomp, filter(["read"]));
  const found = (seccompPolicy: LinuxSeccompInit | undefined, owner = "10-nono-nri"): string | undefined =>
    findLostAdjustment(
      { ...expected, seccomp: sent },
      { ...merged, linux: { seccompPolicy } },
      withFilterOf(owner),
      "10-nono-nri",
    );

  test("that we sent is there, as the runtime shows it", () => {
    expect(adjustmentFor({ ...decision, seccomp: sent }, containerInput(), "/opt/nono-nri").linux).toEqual({
      seccompPolicy: sent,
    });
    expect(found(decode(LinuxSeccomp, encode(writeLinuxSeccomp, filter(["read"]))))).toBeUndefined();
    expect(found(filter(["read"]))).toBeUndefined();
  });

  test("is another, or gone, or another plugin's", () => {
    expect(found(decode(LinuxSeccomp, encode(writeLinuxSeccomp, filter(["read", "mount"]))))).toBe(
      "the seccomp filter is another one",
    );
    expect(found(undefined)).toBe("the seccomp filter is another one");
    expect(found(filter(["read"]), "20-other")).toBe("the seccomp filter belongs to plugin 20-other");
  });

  test("is none of our business where we set none", () => {
    expect(lost({ linux: { seccompPolicy: filter(["read", "mount"]) } })).toBeUndefined();
  });
});
