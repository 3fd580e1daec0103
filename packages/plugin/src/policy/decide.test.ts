import { decode, encode, LinuxSeccomp, writeLinuxSeccomp } from "@kubefence/nri";
import { describe, expect, test } from "vitest";
import {
  bindMount,
  configuration,
  containerInput,
  installedProfile,
  nodeState,
  podInput,
  volume,
} from "../testing/inputs.ts";
import { openSeccomp } from "../seccomp/open.ts";
import { decide } from "./decide.ts";
import type { ContainerInput } from "./inputs.ts";
import { judgeRuntime } from "./runtime.ts";

describe("matching", () => {
  test("a pod of another class is skipped before anything else is read", () => {
    const unreadable = new Proxy(containerInput(), {
      get: (_, name) => {
        throw new Error(`the container's ${String(name)} was read`);
      },
    });
    expect(decide(podInput({ runtimeHandler: "runc" }), unreadable, nodeState())).toEqual({
      kind: "skip",
      reason: "runtime_class_not_matched",
    });
    expect(decide(podInput({ runtimeHandler: "" }), unreadable, nodeState())).toEqual({
      kind: "skip",
      reason: "no_runtime_handler",
    });
  });

  test.each(["Nono-runc", "nono-runc ", "nono-runc2"])("the class is compared exactly: %j", (runtimeHandler) => {
    expect(decide(podInput({ runtimeHandler }), containerInput(), nodeState()).kind).toBe("skip");
  });

  test("an empty class matches pods without a handler", () => {
    const node = nodeState({ configuration: configuration({ runtimeClasses: [""] }) });
    expect(decide(podInput({ runtimeHandler: "" }), containerInput(), node).kind).toBe("sandbox");
  });
});

describe("profile", () => {
  test("the default profile, and the annotation's", () => {
    expect(decide(podInput(), containerInput(), nodeState())).toEqual({
      kind: "sandbox",
      profile: "default",
      options: [],
      ignoredAnnotation: undefined,
    });
    expect(decide(podInput({ profile: "strict" }), containerInput(), nodeState())).toMatchObject({ profile: "strict" });
  });

  test.each(["", " ", "-x", "_x", "a/b", "a b", "a\n", "default\0", "../default", "a".repeat(65), "ä"])(
    "the annotation %j is no name: the default profile is used, and the decision says so",
    (profile) => {
      expect(decide(podInput({ profile }), containerInput(), nodeState())).toMatchObject({
        kind: "sandbox",
        profile: "default",
        ignoredAnnotation: profile,
      });
    },
  );

  test("with invalid_profile = refuse it is refused", () => {
    const node = nodeState({ configuration: configuration({ invalidProfile: "refuse" }) });
    expect(decide(podInput({ profile: "a b" }), containerInput(), node)).toMatchObject({
      kind: "refuse",
      code: "PROFILE_NAME_INVALID",
      what: expect.stringContaining('"a b"'),
    });
  });

  test("every well-formed name is used as it is, also with _ and a trailing -", () => {
    for (const profile of ["a", "A_b-", "9_", "a".repeat(64)]) {
      const node = nodeState({ profiles: new Map([[profile, installedProfile()]]) });
      expect(decide(podInput({ profile }), containerInput(), node)).toMatchObject({ kind: "sandbox", profile });
    }
  });

  test("one that is not installed is refused, and the message lists what could be used", () => {
    expect(decide(podInput({ profile: "missing_" }), containerInput(), nodeState())).toEqual({
      kind: "refuse",
      code: "PROFILE_NOT_INSTALLED",
      what: 'profile "missing_" is not installed on this node',
      action: "use one of default, strict, workspace in the annotation nono.sh/profile, or have it installed",
      profile: "missing_",
    });
  });

  test("one whose manifest is broken is refused", () => {
    const node = nodeState({ profiles: new Map([["default", installedProfile({ broken: "it is not JSON" })]]) });
    expect(decide(podInput(), containerInput(), node)).toMatchObject({
      code: "PROFILE_BROKEN",
      what: expect.stringContaining("it is not JSON"),
    });
  });

  test("one with TCP rules needs ABI 4", () => {
    const profiles = new Map([["default", installedProfile({ restrictsTcp: true })]]);
    const withAbi = (abi: number): unknown =>
      decide(podInput(), containerInput(), nodeState({ profiles, launcher: { kind: "ready", abi, barriers: [] } }));
    expect(withAbi(3)).toMatchObject({ code: "PROFILE_NEEDS_ABI", what: expect.stringContaining("ABI 3") });
    expect(withAbi(4)).toMatchObject({ kind: "sandbox" });
  });
});

describe("allowed_profiles", () => {
  const node = nodeState({
    configuration: configuration({
      allowedProfiles: new Map([
        ["*", ["default"]],
        ["team-a", ["strict", "other"]],
        ["closed", []],
      ]),
    }),
  });

  test("the namespace's entry counts, else the one of *", () => {
    expect(decide(podInput({ profile: "strict" }), containerInput(), node).kind).toBe("sandbox");
    expect(decide(podInput({ namespace: "team-b" }), containerInput(), node).kind).toBe("sandbox");
  });

  test("a profile that it lacks is refused, and the message lists the ones that are both allowed and installed", () => {
    expect(decide(podInput({ profile: "workspace" }), containerInput(), node)).toMatchObject({
      code: "PROFILE_NOT_ALLOWED",
      what: 'namespace "team-a" may not use profile "workspace"',
      action: expect.stringContaining("use one of strict in the annotation"),
    });
  });

  test("the default profile needs permission too", () => {
    expect(decide(podInput(), containerInput(), node)).toMatchObject({ code: "PROFILE_NOT_ALLOWED" });
    expect(decide(podInput({ namespace: "closed" }), containerInput(), node)).toMatchObject({
      code: "PROFILE_NOT_ALLOWED",
      action: expect.stringContaining("no profile can be used here"),
    });
  });

  test("without * a namespace that is not listed may use none", () => {
    const allowedProfiles = new Map([["team-b", ["default"]]]);
    const strictNode = nodeState({ configuration: configuration({ allowedProfiles }) });
    expect(decide(podInput(), containerInput(), strictNode)).toMatchObject({ code: "PROFILE_NOT_ALLOWED" });
  });
});

describe("refusals of node and container", () => {
  test("a runtime that ignores args, for containers of our classes only", () => {
    const node = nodeState({ runtime: judgeRuntime("containerd", "1.7.34", "") });
    expect(decide(podInput(), containerInput(), node)).toMatchObject({ kind: "refuse", code: "RUNTIME_TOO_OLD" });
    expect(decide(podInput({ runtimeHandler: "runc" }), containerInput(), node).kind).toBe("skip");
  });

  test("without a launcher nothing is mounted from '.', the container is refused", () => {
    const refusal = { code: "LAUNCHER_NOT_CONFIGURED", what: "nono_bin_path is empty" } as const;
    expect(decide(podInput(), containerInput(), nodeState({ launcher: { kind: "failed", refusal } }))).toEqual({
      ...refusal,
      kind: "refuse",
      profile: "default",
    });
  });

  test("a mount over the launcher", () => {
    for (const destination of ["/nono/", "/nono/nono"]) {
      expect(decide(podInput(), containerInput({ mounts: [bindMount(destination, "/x")] }), nodeState())).toMatchObject(
        {
          code: "MOUNT_OVER_LAUNCHER",
        },
      );
    }
  });

  test("a variable given twice", () => {
    const container = containerInput({ env: ["NONO_PROFILE=default", "NONO_PROFILE=workspace"] });
    expect(decide(podInput(), container, nodeState())).toMatchObject({ code: "ENV_DUPLICATE" });
  });

  test("two mounts at one place", () => {
    const mounts = [volume("configmap", "/conf"), bindMount("/conf/", "/etc")];
    expect(decide(podInput(), containerInput({ mounts }), nodeState())).toMatchObject({ code: "MOUNT_AMBIGUOUS" });
  });
});

describe("what the pod puts into its environment or mounts on /tmp is no policy", () => {
  const plain = decide(podInput(), containerInput(), nodeState());

  test.each([
    ["A5", "NONO_ALLOW=/"],
    ["A6", "XDG_CONFIG_HOME=/image/config"],
    ["A7", "TMPDIR=/etc"],
    ["A8", "HOME=/etc"],
    ["A4", "LD_PRELOAD=/image/evil.so"],
    ["C11", "HOME=/tmp"],
  ])("%s: %s changes nothing", (_id, entry) => {
    expect(decide(podInput(), containerInput({ env: ["PATH=/bin", entry] }), nodeState())).toEqual(plain);
  });

  test("a persistent writable /tmp is an ordinary volume", () => {
    const container = containerInput({ mounts: [volume("empty-dir", "/tmp")] });
    expect(decide(podInput(), container, nodeState())).toEqual(plain);
    expect(decide(podInput({ profile: "workspace" }), container, nodeState())).toMatchObject({
      options: ["--rw", "/tmp"],
    });
  });
});

function optionsFor(linux: ContainerInput["linux"]): unknown {
  const decision = decide(podInput(), containerInput({ linux }), nodeState());
  return decision.kind === "sandbox" && decision.options;
}

describe("options of the launcher", () => {
  test("come in canonical order", () => {
    const container = containerInput({
      linux: { namespaces: [] },
      mounts: [
        volume("empty-dir", "/b"),
        volume("empty-dir", "/a"),
        volume("secret", "/d"),
        volume("configmap", "/c"),
        volume("projected", "/token"),
        bindMount("/a/host", "/etc"),
      ],
    });
    expect(decide(podInput({ profile: "workspace" }), container, nodeState())).toMatchObject({
      options: "--scope-signals --rw /a --rw /b --ro /c --ro /d --except /a/host --except /token".split(" "),
    });
  });

  test("signals are scoped unless the container has a pid namespace of its own", () => {
    expect(optionsFor(undefined)).toEqual(["--scope-signals"]);
    expect(optionsFor({ namespaces: [{ type: "ipc", path: "" }] })).toEqual(["--scope-signals"]);
    expect(optionsFor({ namespaces: [{ type: "pid", path: "/proc/1/ns/pid" }] })).toEqual(["--scope-signals"]);
    expect(
      optionsFor({
        namespaces: [
          { type: "ipc", path: "" },
          { type: "pid", path: "" },
        ],
      }),
    ).toEqual([]);
  });
});

describe("seccomp", () => {
  const restricted = openSeccomp("restricted");
  const shown = decode(
    LinuxSeccomp,
    encode(writeLinuxSeccomp, {
      defaultAction: "SCMP_ACT_ERRNO",
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
      syscalls: [{ names: ["read", "mount", "clone3"], action: "SCMP_ACT_ALLOW" }],
    }),
  );
  const linux = { namespaces: [], seccompPolicy: shown };

  test("the container's own filter, where the runtime shows it, is set anew with ours", () => {
    const decision = decide(podInput(), containerInput({ linux }), nodeState({ seccomp: restricted }));
    expect(decision).toMatchObject({
      options: ["--scope-signals"],
      seccomp: {
        defaultAction: "SCMP_ACT_ERRNO",
        syscalls: expect.arrayContaining([expect.objectContaining({ names: ["read"], action: "SCMP_ACT_ALLOW" })]),
      },
    });
  });

  test("where it does not, the launcher gets ours, in the canonical order", () => {
    const node = nodeState({ seccomp: restricted });
    const container = containerInput({ linux: { namespaces: [] }, mounts: [volume("empty-dir", "/data")] });
    const decision = decide(podInput({ profile: "workspace" }), container, node);
    expect(decision).toMatchObject({ options: ["--scope-signals", "--seccomp", "restricted", "--rw", "/data"] });
    expect(decision).toHaveProperty("seccomp", undefined);
  });

  test("the same for a runtime that crashes on what it would have to carry", () => {
    const runtime = judgeRuntime("containerd", "v2.2.9", "");
    const node = nodeState({ seccomp: restricted, runtime });
    expect(decide(podInput(), containerInput({ linux }), node)).toMatchObject({
      options: ["--scope-signals", "--seccomp", "restricted"],
    });
  });

  test("where it must and the filter's file cannot be used, the container is refused", () => {
    const filterProblem = {
      code: "SECCOMP_FILTER_UNUSABLE",
      what: "/opt/nono-nri/seccomp: it is no directory",
    } as const;
    const node = nodeState({ seccomp: restricted, filterProblem });
    expect(decide(podInput(), containerInput(), node)).toEqual({
      ...filterProblem,
      kind: "refuse",
      profile: "default",
    });
    expect(decide(podInput(), containerInput({ linux }), node).kind).toBe("sandbox");
  });

  test("without a policy the container keeps what it has", () => {
    const decision = decide(podInput(), containerInput({ linux }), nodeState());
    expect(decision).toMatchObject({ options: ["--scope-signals"] });
    expect(decision).toHaveProperty("seccomp", undefined);
  });
});
