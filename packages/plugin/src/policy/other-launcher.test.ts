import { describe, expect, test } from "vitest";
import { adjustmentFor } from "../adjust/adjustment.ts";
import { runsUnderLauncher } from "../adjust/recognize.ts";
import { findLostAdjustment } from "../adjust/verify.ts";
import type { Configuration } from "../config/configuration.ts";
import { bindMount, configuration, containerInput, nodeState, podInput, volume } from "../testing/inputs.ts";
import { openSeccomp } from "../seccomp/open.ts";
import { decide } from "./decide.ts";
import { openOtherLauncher, profileOfTemplate } from "./other-launcher.ts";

const landlockRestrict = ["-ro", "/usr", "{ro}", "-rw", "/tmp", "{rw}", "--"];
const templates: Partial<Configuration> = {
  launcher: "template",
  launcherTemplate: new Map([
    ["default", landlockRestrict],
    ["closed", ["-ro", "/usr", "--"]],
  ]),
  launcherVariables: ["LANDRUN_*", "DEBUG", "TRACE_*"],
};

function decided(
  settings: Partial<Configuration>,
  container: Parameters<typeof containerInput>[0] = {},
  profile = "default",
) {
  const under = configuration(settings);
  const profiles = new Map([...under.launcherTemplate].map(([name, template]) => [name, profileOfTemplate(template)]));
  const node = nodeState({
    configuration: under,
    otherLauncher: openOtherLauncher(under),
    ...(settings.launcher === "template" && { profiles }),
  });
  const input = containerInput(container);
  const decision = decide(podInput({ profile }), input, node);
  return {
    node,
    decision,
    adjust: decision.kind === "sandbox" ? adjustmentFor(decision, input, "/opt/nono-nri") : undefined,
  };
}

describe("upstream nono", () => {
  test("an absolute profile, and fixed values for what its paths follow", () => {
    const env = ["PATH=/bin", "XDG_CONFIG_HOME=/evil", "TMPDIR=/etc", "HOME=/etc", "RUST_LOG=debug", "NONO=1", "A=1"];
    const { adjust } = decided({ launcher: "nono" }, { env });
    expect(adjust?.args).toEqual(
      "/nono/nono wrap --silent --profile /nono/profiles/default.json -- nginx -g".split(" ").concat("daemon off;"),
    );
    expect(adjust?.env).toEqual([
      { key: "-NONO_PROFILE", value: "" },
      { key: "NONO_PROFILE", value: "default" },
      { key: "-PATH", value: "" },
      { key: "PATH", value: "/nono:/bin" },
      ...[
        ["HOME", "/nono/home"],
        ["XDG_CONFIG_HOME", "/nono/home"],
        ["TMPDIR", "/tmp"],
        ["RUST_LOG", "off"],
      ].flatMap(([key = "", value = ""]) => [
        { key: `-${key}`, value: "" },
        { key, value },
      ]),
    ]);
  });

  test.each(["NONO_ALLOW", "NONO_BLOCK_NET", "NONO_"])("%s is refused, NONO_PROFILE is ours", (name) => {
    expect(decided({ launcher: "nono" }, { env: ["NONO_PROFILE=x", `${name}=/`] }).decision).toMatchObject({
      kind: "refuse",
      code: "LAUNCHER_CANNOT",
      what: expect.stringContaining(name),
    });
    expect(decided({ launcher: "nono" }, { env: ["NONO_PROFILE=x"] }).decision.kind).toBe("sandbox");
  });

  test("a HOME that the runtime would make from passwd is set too", () => {
    expect(decided({ launcher: "nono" }, { env: [] }).adjust?.env.slice(4)).toEqual([
      { key: "-HOME", value: "" },
      { key: "HOME", value: "/nono/home" },
    ]);
  });

  test("a variable given twice is refused", () => {
    const { decision } = decided({ launcher: "nono" }, { env: ["TMPDIR=/a", "B=1", "TMPDIR=/b"] });
    expect(decision).toMatchObject({
      kind: "refuse",
      code: "ENV_DUPLICATE",
      what: expect.stringContaining("TMPDIR"),
    });
  });

  test("a guest, whose kernel nobody has asked, is refused", () => {
    const under = configuration({ launcher: "nono", runtimeClasses: ["kata-qemu"] });
    const node = nodeState({ configuration: under, otherLauncher: openOtherLauncher(under) });
    expect(decide(podInput({ runtimeHandler: "kata-qemu" }), containerInput(), node)).toMatchObject({
      code: "LAUNCHER_CANNOT",
      what: expect.stringContaining("guest"),
    });
  });

  test("a shared pid namespace is refused", () => {
    expect(decided({ launcher: "nono" }, { linux: { namespaces: [] } }).decision).toMatchObject({
      kind: "refuse",
      code: "LAUNCHER_CANNOT",
      what: expect.stringContaining("pid namespace"),
    });
  });
});

describe("a template", () => {
  test("is filled with the profile's volumes", () => {
    const mounts = [
      volume("empty-dir", "/data"),
      volume("configmap", "/config"),
      volume("projected", "/var/run/secrets/x"),
    ];
    expect(decided(templates, { mounts }).adjust?.args.join(" ")).toBe(
      "/nono/nono -ro /usr /config -rw /tmp /data -- nginx -g daemon off;",
    );
    expect(decided(templates, { mounts }, "closed").adjust?.args.join(" ")).toBe(
      "/nono/nono -ro /usr -- nginx -g daemon off;",
    );
    expect(decided(templates, {}, "missing").decision).toMatchObject({ code: "PROFILE_NOT_INSTALLED" });
  });

  test("a variable that it obeys is refused, and none is set", () => {
    expect(decided(templates, { env: ["PATH=/bin", "DEBUGGER=1"] }).adjust?.env).toHaveLength(4);
    for (const name of ["LANDRUN_LOG_LEVEL", "DEBUG", "TRACE_ALL"]) {
      expect(decided(templates, { env: [`${name}=x`] }).decision).toMatchObject({ code: "LAUNCHER_CANNOT" });
    }
  });

  test.each([
    [["{ro}", "{rw}", "--"], "readwrite", true],
    [["{ro}", "--"], "read", true],
    [["-ro", "/usr", "--"], "none", false],
  ])("%j: which volumes it takes is what the plugin knows of it", (template, volumes, configVolumes) => {
    expect(profileOfTemplate(template)).toEqual({
      volumes,
      configVolumes,
      projectedVolumes: false,
      literalExceptions: ["/"],
      restrictsTcp: false,
      broken: undefined,
      barrier: undefined,
    });
  });

  test("nothing of our launcher's command line is left", () => {
    const mounts = [volume("empty-dir", "/data")];
    expect(decided(templates, { mounts }).decision).toMatchObject({ kind: "sandbox", options: [] });
  });

  test("what it cannot do is refused", () => {
    const mounts = [volume("empty-dir", "/data"), bindMount("/data/host", "/srv")];
    expect(decided(templates, { mounts }).decision).toMatchObject({
      code: "LAUNCHER_CANNOT",
      what: expect.stringContaining("/data/host"),
    });
    expect(decided(templates, { mounts }, "closed").decision).toMatchObject({ kind: "sandbox" });
  });

  test("a seccomp policy that only the launcher could add is refused", () => {
    const under = configuration(templates);
    const node = nodeState({
      configuration: under,
      otherLauncher: openOtherLauncher(under),
      // A container whose own filter the runtime does not show.
      seccomp: openSeccomp("restricted"),
    });
    expect(decide(podInput(), containerInput(), node)).toMatchObject({
      code: "LAUNCHER_CANNOT",
      what: expect.stringContaining("add the seccomp policy restricted"),
    });
  });
});

describe("validation and synchronize know the launcher", () => {
  test("a plugin that gives it a variable back is found", () => {
    const { adjust, node } = decided({ launcher: "nono" }, { env: ["PATH=/bin"] });
    if (adjust === undefined || node.otherLauncher === undefined) throw new Error("not sandboxed");
    const { otherLauncher } = node;
    const expected = {
      prefix: adjust.args.slice(0, 6),
      profile: "default",
      path: "/nono:/bin",
      launcherDirectory: "/opt/nono-nri",
      other: {
        set: [{ key: "HOME", value: "/nono/home" }],
        obeys: (name: string) => otherLauncher.obeys(name),
      },
    };
    const lost = (env: { key: string; value: string }[]): string | undefined =>
      findLostAdjustment(expected, { ...adjust, env: [...adjust.env, ...env] }, undefined, "10-nono-nri");
    expect(lost([])).toContain("belongs to no plugin");
    expect(lost([{ key: "NONO_ALLOW", value: "/" }])).toContain("NONO_ALLOW, which the launcher obeys");
    expect(lost([{ key: "HOME", value: "/etc" }])).toContain("HOME");
  });

  test("a running container is recognized by what no profile changes", () => {
    const mounts = [bindMount("/nono", "/opt/nono-nri")];
    const runs = (settings: Partial<Configuration>, args: string): boolean =>
      runsUnderLauncher({ args: args.split(" "), mounts }, "/opt/nono-nri", openOtherLauncher(configuration(settings)));
    expect(runs({ launcher: "nono" }, "/nono/nono wrap --silent --profile /nono/profiles/x.json -- sh")).toBe(true);
    expect(runs({ launcher: "nono" }, "/nono/nono wrap --profile x -- sh")).toBe(false);
    expect(runs(templates, "/nono/nono -ro /usr /config -rw /tmp -- sh")).toBe(true);
    expect(runs(templates, "/nono/nono -rw / -- sh")).toBe(false);
    expect(runs({}, "/nono/nono wrap --profile x -- sh")).toBe(true);
  });
});
