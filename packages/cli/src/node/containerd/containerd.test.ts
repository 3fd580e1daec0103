/** The drop-in and what is held against it, on what real containerds print. `config default` has the form of `config dump`. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "smol-toml";
import type { NodeSettings } from "../settings.ts";
import { fixture } from "../toml/testing.ts";
import { parseTomlValues, type TomlTable } from "../toml/parse.ts";
import { type DropIn, dropInText, dropInVersion } from "./drop-in.ts";
import { type EffectiveConfiguration, readDump, tableAt } from "./effective.ts";
import { compareDumps } from "./guard.ts";
import { findBaseHandler, findObstacles, nonoRuncDropIn } from "./handler.ts";
import { filesOf, importPatterns, loads, withImports } from "./imports.ts";
import { describeOriginal } from "./original.ts";
import { candidateMain, dropInPath, proposeContainerd } from "./propose.ts";

const program = "/opt/kubefence/bin/nono-runc";
const settings: NodeSettings = { program, nri: {}, requirePlugin: false };
const newest = ["default-2.2.9", "default-2.3.7", "default-2.4.2"];
const cri = "io.containerd.cri.v1.runtime";
const nri = "io.containerd.nri.v1.nri";

/** A containerd's defaults with changes; `change` gets the handler runc and NRI's table. */
function effectiveWith(
  change: (parts: { values: TomlTable; runc: TomlTable; nriTable: TomlTable }) => void,
  name = "default-2.3.7",
): EffectiveConfiguration {
  const values = parseTomlValues(fixture(name));
  const runc = tableAt(values, ["plugins", cri, "containerd", "runtimes", "runc"]);
  change({ values, runc, nriTable: tableAt(values, ["plugins", nri]) });
  return readDump(stringify(values));
}

/** What containerd would make of a drop-in: its tables over those that are there. */
function loaded(before: EffectiveConfiguration, dropIn: string): EffectiveConfiguration {
  const merge = (low: TomlTable, high: TomlTable): TomlTable => {
    const result = { ...low };
    for (const [key, value] of Object.entries(high)) {
      const known = low[key];
      const isBoth = [known, value].every((one) => typeof one === "object" && !Array.isArray(one));
      result[key] = isBoth ? merge(tableAt(low, [key]), tableAt(high, [key])) : value;
    }
    return result;
  };
  return readDump(stringify(merge(before.values, parseTomlValues(dropIn))));
}

/** nono-runc's drop-in for a containerd that has `before` without it. */
function nonoRunc(before: EffectiveConfiguration, asked = settings): DropIn {
  const made = nonoRuncDropIn(before, asked);
  if (made === undefined) throw new Error("no handler to start from");
  return made;
}

/** Codes of what keeps a containerd with these changes from having our handler. */
function codes(change: Parameters<typeof effectiveWith>[0]): string[] {
  return findObstacles(effectiveWith(change), "m").map(({ code }) => code);
}

function propose(name: string, mainFile = "/etc/containerd/config.toml"): ReturnType<typeof proposeContainerd> {
  const files = { mainFile, mainText: fixture(name), present: [] };
  const effective = effectiveWith(() => undefined);
  return proposeContainerd(files, nonoRunc(effective), effective.version);
}

describe.each(newest)("on %s", (name) => {
  test("the handler is runc's with our program, and nothing else changes", () => {
    const before = effectiveWith(({ runc }) => {
      runc["base_runtime_spec"] = "/etc/containerd/base.json";
      tableAt(runc, ["options"])["SystemdCgroup"] = true;
    }, name);
    const text = dropInText(nonoRunc(before), before.version);
    expect(parseTomlValues(text)).toEqual({
      version: before.version,
      plugins: {
        [cri]: {
          containerd: {
            runtimes: {
              "nono-runc": {
                runtime_type: "io.containerd.runc.v2",
                base_runtime_spec: "/etc/containerd/base.json",
                sandboxer: "podsandbox",
                pod_annotations: ["nono.sh/*"],
                options: { SystemdCgroup: true, BinaryName: program },
              },
            },
          },
        },
      },
    });
    expect(compareDumps(before, loaded(before, text), nonoRunc(before), "d")).toEqual([]);
  });
});

describe("the handler", () => {
  test("keeps runc's annotations, and is made of the default where there is no runc", () => {
    const before = effectiveWith(({ values, runc }) => {
      const runtimes = tableAt(values, ["plugins", cri, "containerd", "runtimes"]);
      runtimes["nvidia"] = { ...runc, pod_annotations: ["a", "nono.sh/*"], options: { BinaryName: "/usr/bin/nvidia" } };
      delete runtimes["runc"];
      tableAt(values, ["plugins", cri, "containerd"])["default_runtime_name"] = "nvidia";
    });
    expect(findBaseHandler(before)).toBe("nvidia");
    const text = dropInText(nonoRunc(before), 3);
    expect(text).toContain('pod_annotations = [ "a", "nono.sh/*" ]');
    expect(text).toContain(`BinaryName = "${program}"`);
  });

  test("is made of runc, whatever the default is, with its lists and without what is empty", () => {
    const before = effectiveWith(({ values, runc }) => {
      const cris = tableAt(values, ["plugins", cri, "containerd"]);
      tableAt(cris, ["runtimes"])["nvidia"] = { ...runc };
      cris["default_runtime_name"] = "nvidia";
      runc["container_annotations"] = ["a/*"];
      runc["cni_max_conf_num"] = 0;
      runc["cni_conf_dir"] = "";
    });
    expect(findBaseHandler(before)).toBe("runc");
    expect(nonoRunc(before).handler).toMatchObject({ container_annotations: ["a/*"] });
    expect(Object.keys(nonoRunc(before).handler)).not.toContain("cni_max_conf_num");
    expect(Object.keys(nonoRunc(before).handler)).not.toContain("cni_conf_dir");
    expect(dropInText(nonoRunc(before), 3)).toMatch(
      /^# Written by kubefence node install, which overwrites it; .* removes it\.\n# The handler has .*\n\nversion = 3\n[^]*[^\n]\n$/,
    );
  });

  test("cannot be made of another kind of handler", () => {
    const kata = effectiveWith(({ runc }) => (runc["runtime_type"] = "io.containerd.kata.v2"));
    expect(nonoRuncDropIn(kata, settings)).toBeUndefined();
    expect(findObstacles(kata, "m")).toEqual([
      {
        code: "KF_NODE_BASE_HANDLER",
        where: "m",
        what: 'neither runc nor the default handler "runc" has the runtime_type io.containerd.runc.v2',
      },
    ]);
  });

  test.each([
    [["cri"], "KF_NODE_CRI_DISABLED", "disabled_plugins has cri"],
    [[cri, "cri"], "KF_NODE_CRI_DISABLED", `disabled_plugins has cri, ${cri}`],
    [[nri], "KF_NODE_NRI_DISABLED", `disabled_plugins has ${nri}`],
  ])("cannot be had with %j disabled", (disabled, code, what) => {
    const effective = effectiveWith(({ values }) => (values["disabled_plugins"] = disabled));
    expect(findObstacles(effective, "m")).toEqual([{ code, where: "m", what }]);
  });

  test("obstacles", () => {
    expect(codes(() => undefined)).toEqual([]);
    expect(codes(({ values }) => (values["disabled_plugins"] = ["io.containerd.grpc.v1.cri"]))).toEqual([
      "KF_NODE_CRI_DISABLED",
    ]);
    expect(codes(({ values }) => (values["disabled_plugins"] = [nri]))).toEqual(["KF_NODE_NRI_DISABLED"]);
    expect(codes(({ runc }) => (runc["runtime_type"] = "io.containerd.kata.v2"))).toEqual(["KF_NODE_BASE_HANDLER"]);
  });
});

describe("NRI", () => {
  test("is enabled, with the paths that were asked for", () => {
    const before = effectiveWith(({ nriTable }) =>
      Object.assign(nriTable, { disable: true, disable_connections: true }),
    );
    const asked = { ...settings, nri: { socketPath: "/s", pluginPath: "/opt/nri/plugins", configPath: undefined } };
    const text = dropInText(nonoRunc(before, asked), 4);
    expect(tableAt(parseTomlValues(text), ["plugins", nri])).toEqual({
      disable: false,
      disable_connections: false,
      socket_path: "/s",
    });
    expect(compareDumps(before, loaded(before, text), nonoRunc(before, asked), "d")).toEqual([]);
  });

  test("the validator gets our plugin beside those of others, and keeps their toleration", () => {
    const required = { ...settings, requirePlugin: true };
    const validatorOf = (before: EffectiveConfiguration): TomlTable =>
      tableAt(parseTomlValues(dropInText(nonoRunc(before, required), 3)), ["plugins", nri, "default_validator"]);
    expect(validatorOf(effectiveWith(() => undefined))).toEqual({
      enable: true,
      required_plugins: ["nono-nri"],
      tolerate_missing_plugins_annotation: "nono.sh/tolerate-missing-plugin",
    });
    const others = effectiveWith(({ nriTable }) => {
      const validator = { required_plugins: ["nono-nri", "x"], tolerate_missing_plugins_annotation: "t" };
      Object.assign(tableAt(nriTable, ["default_validator"]), validator);
    });
    expect(validatorOf(others)).toEqual({
      enable: true,
      required_plugins: ["x", "nono-nri"],
      tolerate_missing_plugins_annotation: "t",
    });
  });
});

describe("the guard", () => {
  const before = effectiveWith(({ runc }) => (tableAt(runc, ["options"])["SystemdCgroup"] = true));
  const text = dropInText(nonoRunc(before), 4);
  const after = (change: (values: TomlTable) => void): string[] => {
    const { values } = loaded(before, text);
    change(values);
    return compareDumps(before, readDump(stringify(values)), nonoRunc(before), "d").map(
      ({ code, what }) => `${code} ${what}`,
    );
  };
  const ours = ["plugins", cri, "containerd", "runtimes", "nono-runc"];

  test.each<[string, (values: TomlTable) => void, string]>([
    ["another program", (values) => (tableAt(values, [...ours, "options"])["BinaryName"] = "/x"), "options.BinaryName"],
    ["no cgroup driver", (values) => delete tableAt(values, [...ours, "options"])["SystemdCgroup"], "SystemdCgroup"],
    ["no annotations", (values) => (tableAt(values, ours)["pod_annotations"] = []), "pod_annotations"],
    // containerd 2.2 does this to a main file of version 2 with a drop-in of version 3.
    [
      "runc changes",
      (values) =>
        (tableAt(values, ["plugins", cri, "containerd", "runtimes", "runc", "options"])["SystemdCgroup"] = false),
      "KF_NODE_SIDE_EFFECT it would also change plugins.io.containerd.cri.v1.runtime.containerd.runtimes.runc.options.SystemdCgroup",
    ],
    ["a root changes", (values) => (values["root"] = "/x"), "KF_NODE_SIDE_EFFECT it would also change root"],
  ])("%s", (_what, change, message) => {
    expect(after(change)).toEqual([expect.stringContaining(message)]);
  });

  test("is content with what was meant", () => {
    expect(after(() => undefined)).toEqual([]);
  });
});

describe("imports", () => {
  test.each([
    ["/etc/containerd/conf.d/*.toml", "/etc/containerd/conf.d/kubefence.toml", true],
    ["/etc/containerd/conf.d/*.toml", "/etc/containerd/conf.d/a/b.toml", false],
    ["/etc/containerd/*/*.toml", "/etc/containerd/conf.d/kubefence.toml", true],
    ["/etc/containerd/conf.d/[a-k]*.toml", "/etc/containerd/conf.d/kubefence.toml", true],
    ["/etc/containerd/conf.d/[^k]*.toml", "/etc/containerd/conf.d/kubefence.toml", false],
    ["/etc/containerd/conf.d/kubefence?toml", "/etc/containerd/conf.d/kubefence?toml", true],
    ["/etc/containerd/conf.d/[*.toml", "/etc/containerd/conf.d/kubefence.toml", false],
    ["/etc/(x)/*.toml", "/etc/(x)/kubefence.toml", true],
  ])("%s loads %s: %s", (pattern, path, isLoaded) => {
    expect(loads([pattern], path)).toBe(isLoaded);
  });

  test("a pattern without * is a name; relative ones are beside the main file", () => {
    expect(filesOf("/a?.toml", ["/ab.toml"])).toEqual(["/a?.toml"]);
    expect(importPatterns('imports = ["conf.d/*.toml", "/x/../y"]', "/etc/c/config.toml")).toEqual([
      "/etc/c/conf.d/*.toml",
      "/y",
    ]);
  });

  test("a main file with any imports gets any others, and keeps the rest", () => {
    const path = fc.stringMatching(/^\/[a-z'" #\]]{1,8}$/);
    fc.assert(
      fc.property(fc.option(fc.array(path)), fc.array(path), (old, wanted) => {
        const main = `version = 3\n${old === null ? "" : `imports = ${JSON.stringify(old)} # c\n`}[a]\nb = 1\n`;
        expect(parseTomlValues(withImports(main, wanted))).toEqual({ version: 3, imports: wanted, a: { b: 1 } });
      }),
    );
  });

  test("for the parser our file is left out, or another put in its place, in order", () => {
    const main = 'imports = ["/c/*.toml", "/z.toml"]\n';
    const files = { mainFile: "/m", mainText: main, present: ["/c/z.toml", "/c/kubefence.toml", "/c/a.toml"] };
    const listed = (replacement?: string): unknown =>
      parseTomlValues(candidateMain(files, main, "/c/kubefence.toml", replacement))["imports"];
    expect(listed()).toEqual(["/c/a.toml", "/c/z.toml", "/z.toml"]);
    expect(listed("/tmp/new")).toEqual(["/c/a.toml", "/tmp/new", "/c/z.toml", "/z.toml"]);
  });
});

describe("the proposal", () => {
  test("a main file without imports gets one line, and the drop-in its version", () => {
    const proposal = propose("kind");
    expect(proposal).toMatchObject({
      dropIn: { path: "/etc/containerd/conf.d/kubefence.toml", text: expect.stringContaining("\nversion = 2\n") },
      main: {
        pattern: "/etc/containerd/conf.d/kubefence*.toml",
        insertion: { inserted: 'imports = ["/etc/containerd/conf.d/kubefence*.toml"]\n' },
      },
    });
    expect("dropIn" in proposal && proposal.dropIn.text).toContain('[plugins."io.containerd.grpc.v1.cri".');
  });

  test.each([
    ["default-2.3.7", "/etc/containerd/conf.d/kubefence.toml"],
    ["eks", "/etc/containerd/config.d/kubefence.toml"],
  ])("%s loads a folder already", (name, path) => {
    expect(propose(name)).toMatchObject({ dropIn: { path }, main: undefined });
  });

  test("the folder is one that is loaded as a whole", () => {
    const patterns = ["/etc/*/x/*.toml", "/etc/containerd/other/base.toml", "/etc/containerd/more.d/*.toml"];
    const mainText = `version = 3\nimports = ${JSON.stringify(patterns)}\n`;
    const files = { mainFile: "/etc/containerd/config.toml", mainText, present: [] };
    expect(dropInPath(files, "kubefence.toml")).toBe("/etc/containerd/more.d/kubefence.toml");
  });

  test("k3s loads its folder; where it does not, a template is to be written by hand", () => {
    const mainFile = "/var/lib/rancher/k3s/agent/etc/containerd/config.toml";
    expect(propose("k3s", mainFile)).toMatchObject({
      dropIn: { path: "/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.d/kubefence.toml" },
      main: undefined,
    });
    expect(propose("kind", mainFile)).toMatchObject({
      code: "KF_NODE_BY_HAND",
      what: "k3s writes it anew at each start, and none of its imports loads a folder",
      action: expect.stringContaining('{{ template "base" . }}'),
      lines: expect.stringContaining("runtimes.nono-runc.options]"),
    });
  });

  test("without a main file one is written, in the newest version", () => {
    const files = { mainFile: "/etc/containerd/config.toml", mainText: undefined, present: [] };
    expect(dropInPath(files, "kubefence.toml")).toBe("/etc/containerd/conf.d/kubefence.toml");
    const effective = effectiveWith(() => undefined);
    const proposal = proposeContainerd(files, nonoRunc(effective), effective.version);
    expect("main" in proposal && parseTomlValues(proposal.main?.text ?? "")).toEqual({
      version: 4,
      imports: ["/etc/containerd/conf.d/kubefence*.toml"],
    });
  });

  test("what cannot be edited comes with the line to add", () => {
    const files = { mainFile: "/m/c.toml", mainText: "version = 3\n[[imports]]\nx = 1\n", present: [] };
    const effective = effectiveWith(() => undefined);
    expect(proposeContainerd(files, nonoRunc(effective), effective.version)).toMatchObject({
      code: "KF_NODE_TOML",
      action: expect.stringContaining("by hand"),
      lines: 'imports = ["/m/conf.d/kubefence*.toml"]',
    });
  });

  test("versions", () => {
    expect([undefined, 1, 2, 3, 4].map((version) => dropInVersion(version, 4))).toEqual([4, 3, 2, 3, 4]);
  });
});

describe("the original's traces", () => {
  test("its handler is named, read or not", () => {
    const text = fixture("original-v2");
    const read = effectiveWith(({ values, runc }) => {
      tableAt(values, ["plugins", cri, "containerd", "runtimes"])["nono-runc"] = {
        runtime_type: runc["runtime_type"] ?? "",
      };
    });
    expect(describeOriginal(text, read, false)).toEqual([expect.stringContaining("(program runc, no annotations)")]);
    const unread = effectiveWith(() => undefined);
    expect(describeOriginal(text, unread, false)).toEqual([
      expect.stringMatching(/^line 16 has a handler nono-runc that/),
    ]);
    expect(describeOriginal("", unread, false)).toEqual([]);
  });
});
