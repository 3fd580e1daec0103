/** CRI-O's files with Kata's handlers in them. No CRI-O was at hand to prove them on. */
import { describe, expect, test } from "vitest";
import type { CrioFile } from "../crio/propose.ts";
import { NodeError } from "../errors.ts";
import { crioHandlers, kataCrioDropIn, readCrioTable } from "./crio.ts";
import type { KataSettings } from "./settings.ts";

const folder = "/etc/crio/crio.conf.d";

function dropIn(name: string, text: string): CrioFile {
  return { path: `${folder}/${name}`, text };
}

describe("handlers of CRI-O", () => {
  test("a later file's table takes the place of an earlier one as a whole", () => {
    const handlers = crioHandlers([
      dropIn("10-kata", '[crio.runtime.runtimes.kata]\nruntime_path = "/old"\nallowed_annotations = ["a"]\n'),
      dropIn("20-crun", '[crio.runtime.runtimes.crun]\nruntime_path = "/crun"\n'),
      dropIn("30-kata", '[crio.runtime.runtimes.kata]\nruntime_type = "vm"\n'),
    ]);
    expect(Object.fromEntries(handlers)).toEqual({ kata: { runtime_type: "vm" }, crun: { runtime_path: "/crun" } });
  });

  test("our own drop-in does not count, and another's of nearly its name does", () => {
    const text = "[crio.runtime.runtimes.kata]\n";
    expect(crioHandlers([dropIn("99-kubefence-kata.conf", text)]).size).toBe(0);
    expect(crioHandlers([dropIn("199-kubefence-kata.conf", text)]).size).toBe(1);
  });

  test("what is no table is no handler", () => {
    expect(crioHandlers([dropIn("10", '[crio.runtime.runtimes]\nkata = "vm"\n')]).size).toBe(0);
    expect(crioHandlers([dropIn("10", 'crio = "off"\n')]).size).toBe(0);
  });

  test("a file that is no TOML is named, with its line, before anything is decided", () => {
    const broken = dropIn("50-broken", "[crio]\na =\n");
    const read = (): unknown => crioHandlers([dropIn("10-fine", ""), broken]);
    expect(read).toThrow(NodeError);
    expect(read).toThrow(/^KF_NODE_TOML: \/etc\/crio\/crio\.conf\.d\/50-broken: line [23]: .*CRI-O would not start/);
  });
});

test("an empty path is none: CRI-O and Kata look for themselves", () => {
  const none = { shim: undefined, configuration: undefined };
  expect(readCrioTable({})).toEqual(none);
  expect(readCrioTable({ runtime_path: "", runtime_config_path: "" })).toEqual(none);
  expect(readCrioTable({ runtime_path: "/shim", runtime_config_path: "/q.toml" })).toEqual({
    shim: "/shim",
    configuration: "/q.toml",
  });
});

test("the drop-in says whose it is, how it goes, and what it is made of", () => {
  const settings: KataSettings = {
    qemuConfig: undefined,
    directory: "/opt/kubefence/kata",
    shareDirectory: "/share",
    kernelVerityParams: "",
    machineAccelerators: "",
    seccompSandbox: "",
    disableGuestSeccomp: false,
    annotations: [],
  };
  const base = { name: "kata-qemu", shim: undefined, configuration: undefined, table: { runtime_type: "vm" } };
  expect(kataCrioDropIn(base, settings, folder).text).toBe(
    `# Written by kubefence node kata install, which overwrites it; kubefence node kata uninstall removes it.
# The handler has what kata-qemu has, and our QEMU configuration.

[crio.runtime.runtimes.kata-nono-qemu]
runtime_type = "vm"
privileged_without_host_devices = true
runtime_config_path = "/opt/kubefence/kata/configuration-kata-nono-qemu.toml"
`,
  );
});
