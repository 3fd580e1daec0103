/** Our QEMU configuration, made of configurations like those of Kata's releases. */
import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseToml } from "../toml/parse.ts";
import { type KataFile, type KataFiles, readKata } from "./configuration.ts";
import { deriveConfiguration, filesOf, settingsNotes } from "./derive.ts";
import type { KataSettings } from "./settings.ts";

const directory = new URL("../../../fixtures/kata/", import.meta.url);
const names = readdirSync(directory).filter((file) => file.endsWith(".toml"));
const fixture = (name: string): string => readFileSync(new URL(name, directory), "utf8");
const folder = "/opt/kata/share/defaults/kata-containers/runtimes/qemu";
const main = (text: string): KataFile => ({ path: `${folder}/configuration-qemu.toml`, text });
const dropIn = (name: string, text: string): KataFile => ({ path: `${folder}/config.d/${name}`, text });

const settings: KataSettings = {
  qemuConfig: undefined,
  directory: "/opt/kubefence/kata",
  shareDirectory: "/opt/kata/share/kata-containers",
  kernelVerityParams: "",
  machineAccelerators: "",
  seccompSandbox: "on,obsolete=deny,spawn=deny,resourcecontrol=deny",
  disableGuestSeccomp: false,
  annotations: ["io.katacontainers.config.hypervisor.default_vcpus", "io.katacontainers.container.resource.swappiness"],
};
const guest = { kernel: "/share/vmlinux", image: "/share/image" };
const changed = new Set(
  "kernel image machine_accelerators seccompsandbox seccomp_sandbox enable_annotations initrd kernel_verity_params rootfs_type".split(
    " ",
  ),
);
/** Tables without what ours may say otherwise. */
const rest = (base: KataFiles): unknown => {
  const { hypervisor, settings: runtime } = readKata(base);
  const others = Object.entries(hypervisor).filter(([key]) => !changed.has(key));
  return [others, { ...runtime, disable_guest_seccomp: undefined }];
};

describe.each(names)("%s", (name) => {
  const isRust = name.includes("runtime-rs");

  test.each(["\n", "\r\n"])("Kata's text is in it word for word, lines ending with %j", (newline) => {
    const text = fixture(name).replaceAll("\n", newline);
    const derived = deriveConfiguration({ main: main(text), dropIns: [] }, settings, guest);
    expect(derived.main.path).toBe("/opt/kubefence/kata/configuration-kata-nono-qemu.toml");
    expect(derived.main.text.endsWith(text)).toBe(true);
    for (const file of filesOf(derived)) parseToml(file.text);
  });

  test("as Kata reads it, it has what was asked for, in the right tables, and nothing else differs", () => {
    const base = { main: main(fixture(name)), dropIns: [] };
    const asked = { ...settings, machineAccelerators: "kernel_irqchip=split" };
    const derived = deriveConfiguration(base, asked, guest);
    const { hypervisor, settings: runtime, runtime: kind } = readKata(derived);
    expect(kind).toBe(isRust ? "rust" : "go");
    expect(hypervisor).toMatchObject({
      kernel: "/share/vmlinux",
      image: "/share/image",
      machine_accelerators: "kernel_irqchip=split",
      [isRust ? "seccomp_sandbox" : "seccompsandbox"]: settings.seccompSandbox,
      enable_annotations: ["default_vcpus"],
      rootfs_type: "ext4",
    });
    // Each runtime has its own spelling, and the Go one refuses a key that it does not know.
    expect(hypervisor).not.toHaveProperty(isRust ? "seccompsandbox" : "seccomp_sandbox");
    expect([hypervisor["initrd"] ?? "", hypervisor["kernel_verity_params"] ?? ""]).toEqual(["", ""]);
    expect(runtime["disable_guest_seccomp"]).toBe(false);
    expect(rest(derived)).toEqual(rest(base));
  });

  test("what was not asked for stays Kata's", () => {
    const base = { main: main(fixture(name)), dropIns: [] };
    const none = { ...settings, seccompSandbox: "", disableGuestSeccomp: true };
    const derived = deriveConfiguration(base, none, { kernel: undefined, image: undefined });
    const { hypervisor, settings: runtime } = readKata(derived);
    const { enable_annotations: _, ...same } = readKata(base).hypervisor;
    expect(hypervisor).toEqual({ ...same, enable_annotations: ["default_vcpus"] });
    expect(runtime["disable_guest_seccomp"]).toBe(true);
  });
});

describe("drop-ins", () => {
  test("Kata's are taken over in their order, and ours is the last whatever they are called", () => {
    const base = {
      main: main(fixture("qemu-3.28.toml")),
      dropIns: [
        dropIn("30-kernel-params.toml", '[hypervisor.qemu]\nkernel_params = "agent.log=debug" # kept\n'),
        dropIn(
          "99-zz.toml",
          '[hypervisor.qemu]\nkernel = "/theirs"\nkernel_params = "quiet"\n[runtime]\nenable_debug = true\n',
        ),
      ],
    };
    const derived = deriveConfiguration(base, settings, guest);
    expect(derived.dropIns.map(({ path }) => path)).toEqual([
      "/opt/kubefence/kata/config.d/50-30-kernel-params.toml",
      "/opt/kubefence/kata/config.d/50-99-zz.toml",
      "/opt/kubefence/kata/config.d/90-kubefence.toml",
    ]);
    expect(derived.dropIns.map(({ text }) => text).slice(0, 2)).toEqual(base.dropIns.map(({ text }) => text));
    expect(readKata(derived).hypervisor).toMatchObject({ kernel: "/share/vmlinux", kernel_params: "quiet" });
    expect(readKata(derived).settings["enable_debug"]).toBe(true);
  });

  test("any names: ours has the last word", () => {
    const name = fc.stringMatching(/^[!-.0-~]{1,12}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 5 }), (all) => {
        const dropIns = all.toSorted().map((one) => dropIn(one, '[hypervisor.qemu]\nkernel = "/theirs"\n'));
        const derived = deriveConfiguration({ main: main(fixture("qemu-3.28.toml")), dropIns }, settings, guest);
        const paths = derived.dropIns.map(({ path }) => path);
        expect(paths.toSorted()).toEqual(paths);
        expect(readKata(derived).hypervisor["kernel"]).toBe("/share/vmlinux");
      }),
    );
  });

  test("one that is no TOML is named", () => {
    const broken = { main: main(fixture("qemu-3.28.toml")), dropIns: [dropIn("50-x.toml", "[hypervisor")] };
    expect(() => deriveConfiguration(broken, settings, guest)).toThrow(
      /KF_KATA_CONFIG: .*\/config\.d\/50-x\.toml: line 1/,
    );
  });
});

const verityOf = (files: KataFiles): unknown => readKata(files).hypervisor["kernel_verity_params"];

test("a measured image of ours brings its own parameters; without our image Kata's stay", () => {
  const base = { main: main(fixture("qemu-measured.toml")), dropIns: [] };
  const params = "root_hash=11,salt=11,data_blocks=1,data_block_size=4096,hash_block_size=4096";
  const measured = { ...settings, kernelVerityParams: params };
  expect(verityOf(deriveConfiguration(base, measured, guest))).toBe(params);
  const without = { kernel: undefined, image: undefined };
  expect(verityOf(deriveConfiguration(base, measured, without))).toBe(verityOf(base));
});

/** What our drop-in says of QEMU, beside what it always says, for a configuration with these lines. */
function keysOf(qemu: string): unknown {
  const base = { main: main(`[hypervisor.qemu]\n${qemu}[runtime]\n`), dropIns: [] };
  const text = deriveConfiguration(base, settings, { ...guest, kernel: undefined }).dropIns.at(-1)?.text ?? "";
  expect(text).toMatch(/^# Written by kubefence node kata.*\.\n# What a sandboxed pod's guest .*\n\[[^]*[^\n]\n$/);
  const {
    seccompsandbox: _,
    enable_annotations: __,
    ...keys
  } = Object(Object(parseToml(text).values["hypervisor"])["qemu"]);
  return keys;
}

test("what an image of ours excludes is taken back, and nothing that is not there", () => {
  const image = "/share/image";
  expect(keysOf("")).toEqual({ image });
  expect(keysOf('rootfs_type = "ext4"\n')).toEqual({ image });
  expect(keysOf('rootfs_type = "erofs"\n')).toEqual({ image, rootfs_type: "ext4" });
  expect(keysOf('initrd = "/i"\n')).toEqual({ image, initrd: "" });
  expect(keysOf('kernel_verity_params = "x"\n')).toEqual({ image, kernel_verity_params: "" });
});

test("our configuration says where it comes from", () => {
  const derived = deriveConfiguration({ main: main(fixture("qemu-3.28.toml")), dropIns: [] }, settings, guest);
  expect(derived.main.text).toContain(
    `from ${folder}/configuration-qemu.toml.\n# Ours is config.d/90-kubefence.toml; a change here is lost when Kata's file changes.\n`,
  );
  expect(filesOf(derived)).toEqual([derived.main, ...derived.dropIns]);
});

test("a table that a drop-in makes of a value, or a value of a table, is the drop-in's", () => {
  const base = {
    main: main("[hypervisor.qemu]\na = 1\n[hypervisor.qemu.b]\nc = 1\n[runtime]\n"),
    dropIns: [dropIn("1.toml", "[hypervisor.qemu]\nb = 2\n[hypervisor.qemu.a]\nd = 3\n")],
  };
  expect(readKata(base).hypervisor).toEqual({ a: { d: 3 }, b: 2 });
});

test("another hypervisor's configuration is refused", () => {
  const clh = { main: main("[hypervisor.clh]\n[runtime]\n"), dropIns: [] };
  expect(() => readKata(clh)).toThrow(
    "KF_KATA_CONFIG: /opt/kata/share/defaults/kata-containers/runtimes/qemu/configuration-qemu.toml: it configures clh, not QEMU",
  );
  const refused = (text: string): unknown => readKata({ main: main(text), dropIns: [] });
  expect(() => refused("[hypervisor.clh]\n[hypervisor.dragonball]\n")).toThrow(
    "it configures clh, dragonball, not QEMU",
  );
  expect(() => refused("[runtime]\n")).toThrow("it configures no hypervisor, not QEMU");
});

test("the page's elevateprivileges=deny is named", () => {
  expect(settingsNotes(settings)).toEqual([]);
  const page = {
    ...settings,
    seccompSandbox: "on,obsolete=deny,spawn=deny,resourcecontrol=deny,elevateprivileges=deny",
  };
  expect(settingsNotes(page)).toEqual([expect.stringContaining("cannot become a daemon")]);
});
