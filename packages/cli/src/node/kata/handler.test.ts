/** Our handler, for containerd and CRI-O; which kernel and image; what a handler lacks. */
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryOf } from "../../files/durable.ts";
import type { KernelVerdict } from "../../kata/kernel.ts";
import { readDump } from "../containerd/effective.ts";
import { parseTomlValues, type TomlTable } from "../toml/parse.ts";
import { readKata } from "./configuration.ts";
import { crioHandlers, kataCrioDropIn, readCrioTable } from "./crio.ts";
import { chooseGuest, findImageMismatch, guestPath, isGuestFile, parseKataVersion } from "./guest.ts";
import {
  findKataHandler,
  kataDropIn,
  type KataHandler,
  kataObstacles,
  missingKata,
  readContainerdTable,
  wideAnnotations,
} from "./handler.ts";
import { handlerRows, type HandlerState } from "./lacks.ts";
import type { KataSettings } from "./settings.ts";

const settings: KataSettings = {
  qemuConfig: undefined,
  directory: "/opt/kubefence/kata",
  shareDirectory: "/share",
  kernelVerityParams: "",
  machineAccelerators: "",
  seccompSandbox: "",
  disableGuestSeccomp: false,
  annotations: ["io.katacontainers.config.hypervisor.default_vcpus"],
};
const go: TomlTable = {
  runtime_type: "io.containerd.kata-qemu.v2",
  runtime_path: "/opt/kata/bin/containerd-shim-kata-v2",
  privileged_without_host_devices: true,
  pod_annotations: ["io.katacontainers.*"],
  container_annotations: ["io.katacontainers.*"],
  snapshotter: "",
  options: { ConfigPath: "/opt/kata/q.toml" },
};
const rust: TomlTable = {
  ...go,
  runtime_path: "/opt/kata/runtime-rs/bin/containerd-shim-kata-v2",
  options: { ConfigPath: "/opt/kata/rs.toml" },
};
const handlers = new Map<string, TomlTable>([
  ["runc", { runtime_type: "io.containerd.runc.v2" }],
  ["kata-qemu-runtime-rs", rust],
  ["kata-qemu", go],
  ["kata-nono-qemu", { ...go, options: { ConfigPath: "/opt/kata/configuration-kata-nono-qemu.toml" } }],
]);

/** The handler that is found, for what was asked. */
function found(tables: ReadonlyMap<string, TomlTable>, qemuConfig?: string): KataHandler | undefined {
  return findKataHandler(tables, qemuConfig, readContainerdTable);
}

describe("Kata's handler", () => {
  test("the one with the configuration that was named, else by name, never ours", () => {
    expect(found(handlers)?.name).toBe("kata-qemu");
    expect(found(handlers, "/opt/kata/rs.toml")).toMatchObject({
      name: "kata-qemu-runtime-rs",
      shim: "/opt/kata/runtime-rs/bin/containerd-shim-kata-v2",
      configuration: "/opt/kata/rs.toml",
    });
    expect(found(new Map([...handlers].filter(([name]) => name !== "kata-qemu")))?.name).toBe("kata-qemu-runtime-rs");
    const ours = handlers.get("kata-nono-qemu") ?? {};
    expect(found(new Map([["kata-nono-qemu", ours]]), "/opt/kata/configuration-kata-nono-qemu.toml")).toBeUndefined();
  });

  test("a configuration that no handler has leaves the choice to the names, and `kata` is the last of them", () => {
    expect(found(handlers, "/opt/other.toml")?.name).toBe("kata-qemu");
    expect(found(new Map([["kata", { ...go, runtime_path: "", options: {} }]]))).toMatchObject({
      name: "kata",
      shim: undefined,
      configuration: undefined,
    });
    expect(found(new Map([["kata-clh", go]]))).toBeUndefined();
  });
});

/** Why not, for a containerd that has these plugins switched off. */
function obstacles(disabled: readonly string[], handler: KataHandler | undefined): unknown {
  const dump = readDump(`disabled_plugins = ${JSON.stringify(disabled)}\n`);
  return kataObstacles(dump, handler, "/etc/containerd/config.toml");
}

describe("a containerd that cannot start our handler", () => {
  test.each(["cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"])("has %s switched off", (plugin) => {
    expect(obstacles(["io.containerd.snapshotter.v1.zfs", plugin], found(handlers))).toEqual([
      { code: "KF_NODE_CRI_DISABLED", where: "/etc/containerd/config.toml", what: `disabled_plugins has ${plugin}` },
    ]);
  });

  test("has no handler of Kata's: the message names the two that are looked for, and how to get one", () => {
    const what = "it has no handler kata-qemu or kata-qemu-runtime-rs";
    expect(obstacles([], undefined)).toEqual([{ code: "KF_KATA_MISSING", where: "/etc/containerd/config.toml", what }]);
    expect(missingKata("/x").message).toBe(
      `KF_KATA_MISSING: /x: ${what}; install Kata (kata-deploy), or name its configuration with --qemu-config`,
    );
  });

  test("others that are switched off do not matter", () => {
    expect(obstacles(["io.containerd.snapshotter.v1.zfs", "io.containerd.grpc.v1.cri-o"], found(handlers))).toEqual([]);
  });
});

describe("our handler", () => {
  test("containerd: Kata's own shim with our configuration, and annotations by name", () => {
    const base = found(handlers);
    expect(base && kataDropIn(base, settings)).toMatchObject({
      name: "kubefence-kata.toml",
      handlerName: "kata-nono-qemu",
      handler: {
        runtime_type: "io.containerd.kata-qemu.v2",
        runtime_path: "/opt/kata/bin/containerd-shim-kata-v2",
        privileged_without_host_devices: true,
        pod_annotations: ["io.katacontainers.config.hypervisor.default_vcpus"],
        options: { ConfigPath: "/opt/kubefence/kata/configuration-kata-nono-qemu.toml" },
      },
      nri: {},
    });
    expect(base && kataDropIn(base, settings).handler).not.toHaveProperty("container_annotations");
    expect(base && wideAnnotations(kataDropIn(base, settings).handler)).toEqual([]);
    expect(wideAnnotations(go)).toEqual(["io.katacontainers.*", "io.katacontainers.*"]);
  });

  test("containerd: other options of Kata's handler stay", () => {
    const base = found(new Map([["kata-qemu", { ...go, options: { ConfigPath: "/q.toml", Debug: true } }]]));
    expect(base && kataDropIn(base, settings).handler["options"]).toEqual({
      ConfigPath: "/opt/kubefence/kata/configuration-kata-nono-qemu.toml",
      Debug: true,
    });
  });

  test("a shim that containerd finds by itself stays unnamed", () => {
    const base = found(new Map([["kata-qemu", { ...go, runtime_path: "" }]]));
    expect(base && kataDropIn(base, settings).handler).not.toHaveProperty("runtime_path");
  });

  test.each(["*", "io.*", "io.kata*", "io.k?ta*", "io.katacontainers.*", "io.katacontainers.config.runtime.*"])(
    "%j lets a pod set anything of Kata's",
    (pattern) => {
      expect(wideAnnotations({ pod_annotations: [pattern] })).toEqual([pattern]);
      expect(wideAnnotations({ container_annotations: ["a", pattern] })).toEqual([pattern]);
    },
  );

  test.each(["io.katacontainers.config.hypervisor.default_vcpus", "io.kubernetes.*", "example.com/*", "iox*"])(
    "%j does not",
    (pattern) => {
      expect(wideAnnotations({ pod_annotations: [pattern] })).toEqual([]);
    },
  );

  test("CRI-O: the same by its keys, from the files in their order", () => {
    const files = [
      { path: "/etc/crio/crio.conf", text: '[crio.runtime]\ndefault_runtime = "crun"\n' },
      {
        path: "/etc/crio/crio.conf.d/98-kata-nono-qemu.conf",
        text: '[crio.runtime.runtimes.kata-nono-qemu]\nruntime_path = "/old"\n',
      },
      {
        path: "/etc/crio/crio.conf.d/99-kata-deploy",
        text: '[crio.runtime.runtimes.kata-qemu]\nruntime_path = "/opt/kata/bin/containerd-shim-kata-v2"\nruntime_type = "vm"\nruntime_root = "/run/vc"\nruntime_config_path = "/opt/kata/q.toml"\n',
      },
    ];
    const base = findKataHandler(crioHandlers(files), undefined, readCrioTable);
    expect(base).toMatchObject({ name: "kata-qemu", configuration: "/opt/kata/q.toml" });
    const dropIn = base && kataCrioDropIn(base, settings, "/etc/crio/crio.conf.d");
    expect(dropIn?.path).toBe("/etc/crio/crio.conf.d/99-kubefence-kata.conf");
    expect(parseTomlValues(dropIn?.text ?? "")).toEqual({
      crio: {
        runtime: {
          runtimes: {
            "kata-nono-qemu": {
              runtime_path: "/opt/kata/bin/containerd-shim-kata-v2",
              runtime_type: "vm",
              runtime_root: "/run/vc",
              privileged_without_host_devices: true,
              runtime_config_path: "/opt/kubefence/kata/configuration-kata-nono-qemu.toml",
            },
          },
        },
      },
    });
    // Ours is read again, and is not taken for Kata's.
    expect([...crioHandlers([...files, dropIn ?? { path: "", text: "" }]).keys()]).toEqual([
      "kata-nono-qemu",
      "kata-qemu",
    ]);
  });
});

/** A kernel or image that was given. */
const source = (part: "kernel" | "image"): { from: string; sha256: string; path: string } => {
  const sha256 = "ab".repeat(32);
  return { from: `/staging/${part}`, sha256, path: guestPath("/share", part, sha256) };
};

describe("guest", () => {
  const inForce: KernelVerdict = { landlock: "in force", because: "Kata 3.32.0 has it" };
  const lacking: KernelVerdict = { landlock: "lacking", because: "Kata 3.28.0 is older than 3.32.0" };
  test("each content has a name of its own, after the original's", () => {
    expect(source("kernel").path).toBe("/share/vmlinux-landlock-abababababababab.container");
    expect(source("image").path).toBe("/share/kata-confidential-nono-abababababababab.image");
  });

  test("names of ours are known, and nothing else is", () => {
    for (const part of ["kernel", "image"] as const) {
      expect(isGuestFile(basename(source(part).path))).toBe(true);
      expect(isGuestFile(basename(temporaryOf(source(part).path)))).toBe(true);
    }
    for (const other of [
      "vmlinux-landlock.container",
      "kata-confidential-nono.image",
      "vmlinux.container",
      "kata-containers.img",
    ])
      expect(isGuestFile(other)).toBe(false);
  });

  test("Kata's kernel stays where it has Landlock, ours takes its place where it has none", () => {
    expect(chooseGuest(inForce, source("kernel"), source("image"))).toMatchObject({
      kernel: undefined,
      image: source("image"),
      notes: ["Kata's own guest kernel has Landlock, so it stays: Kata 3.32.0 has it"],
    });
    expect(chooseGuest(lacking, source("kernel"), undefined)).toMatchObject({ kernel: source("kernel"), notes: [] });
    expect(chooseGuest(lacking, undefined, undefined).notes).toEqual([
      expect.stringMatching(/^no sandboxed pod will start: .* has no Landlock/),
    ]);
    const unknown: KernelVerdict = { landlock: "unknown", because: "?" };
    expect(chooseGuest(unknown, source("kernel"), undefined).kernel).toEqual(source("kernel"));
    expect(chooseGuest(unknown, undefined, undefined).notes).toEqual([
      "no sandboxed pod will start: Kata's guest kernel may have no Landlock (?), and no other is given with --kernel",
    ]);
    expect(chooseGuest(inForce, undefined, undefined).notes).toEqual([]);
  });

  test.each([
    ["3.28.0", "3.28.1", undefined],
    ["3.28.0", "3.32.0", "the guest image is of Kata 3.28.0, and this node has 3.32.0"],
    ["3.28.0", undefined, undefined],
    [undefined, "3.32.0", undefined],
    ["latest", "3.32.0", undefined],
    ["3.9.0", "3.99.0", "the guest image is of Kata 3.9.0, and this node has 3.99.0"],
    ["v13.2.0", "13.2.1", undefined],
    ["13.2.0", "3.2.0", "the guest image is of Kata 13.2.0, and this node has 3.2.0"],
    ["x3.2.0", "4.0.0", undefined],
  ])("image of %s on %s", (image, there, what) => {
    expect(findImageMismatch(image, there, "/i")?.what).toBe(what);
  });

  test("an image of another version is a problem with what to do", () => {
    expect(findImageMismatch("3.28.0", "3.32.0", "/i")).toMatchObject({
      code: "KF_KATA_IMAGE",
      where: "/i",
      action: expect.stringContaining("give the image that was made for this version"),
    });
  });

  test.each([
    ['containerd-shim-kata-v2 (Kata Containers): id: "io.containerd.kata.v2", version: 3.28.0, commit: abc', "3.28.0"],
    ["Kata Containers containerd shim (Rust): id: io.containerd.kata.v2, version: 4.2.0-rc1, commit: abc", "4.2.0-rc1"],
    ["containerd-shim-runc-v2:\n  Version:  v2.3.7\n", "2.3.7"],
    ["kata-runtime version 12.34.56\n", "12.34.56"],
    ["no such thing", undefined],
  ])("%j is of %s", (text, version) => {
    expect(parseKataVersion(text)).toBe(version);
  });
});

/** A handler of Kata's own with that configuration. */
const stock = (text: string): HandlerState => ({
  name: "kata-qemu",
  table: go,
  configuration: readKata({ main: { path: "/q", text }, dropIns: [] }),
  kernel: { landlock: "lacking", because: "Kata 3.28.0 is older than 3.32.0" },
  hasPolicy: false,
  listsAnnotations: true,
});
const states = (handler: HandlerState): string[] => handlerRows(handler).map(({ name, state }) => `${state} ${name}`);

describe("what a handler lacks", () => {
  test("Kata's own, below 3.32: Landlock, the policy, seccomp, narrow annotations", () => {
    const handler = stock(
      '[hypervisor.qemu]\nenable_annotations = ["kernel_params"]\n[runtime]\ndisable_guest_seccomp = true\n',
    );
    expect(states(handler)).toEqual([
      "bad Landlock in the guest",
      "warn policy of the guest",
      "warn seccomp in the guest",
      "warn annotations",
      "warn seccomp of QEMU",
    ]);
    for (const { state, fix } of handlerRows(handler)) expect(fix === undefined).toBe(state === "ok");
  });

  test("ours: nothing", () => {
    const text =
      '[hypervisor.qemu]\nseccompsandbox = "on"\nenable_annotations = ["default_vcpus", "default_max_vcpus", "default_memory"]\n[runtime]\ndisable_guest_seccomp = false\n';
    const ours = {
      ...stock(text),
      table: { pod_annotations: [...settings.annotations] },
      kernel: undefined,
      hasPolicy: true,
    };
    expect(states(ours).every((row) => row.startsWith("ok "))).toBe(true);
    // CRI-O has no list; there Kata's own has to be narrow.
    expect(states({ ...ours, table: go, listsAnnotations: false })[3]).toBe("ok annotations");
    const wide = { ...ours.configuration, hypervisor: { enable_annotations: ["kernel_params"] } };
    expect(states({ ...ours, configuration: wide })[3]).toBe("warn annotations");
  });

  test("QEMU's sandbox with what its daemon cannot bear", () => {
    const handler = stock('[hypervisor.qemu]\nseccompsandbox = "on,elevateprivileges=deny"\n');
    expect(states(handler)[4]).toBe("bad seccomp of QEMU");
  });
});
