/** CRI-O's files as the original and others leave them. No CRI-O was at hand to prove them on. */
import { describe, expect, test } from "vitest";
import type { NodeSettings } from "../settings.ts";
import { parseTomlValues } from "../toml/parse.ts";
import { type CrioFile, proposeCrio } from "./propose.ts";

const settings: NodeSettings = { program: "/opt/kubefence/bin/nono-runc", nri: {}, requirePlugin: false };
const folder = "/etc/crio/crio.conf.d";

const main: CrioFile = { path: "/etc/crio/crio.conf", text: "" };
const packaged: CrioFile = {
  path: `${folder}/10-crio.conf`,
  text: `[crio.runtime]
default_runtime = "crun"
[crio.runtime.runtimes.crun]
runtime_path = "/usr/libexec/crio/crun"
runtime_root = "/run/crun"
monitor_path = "/usr/libexec/crio/conmon"
allowed_annotations = ["io.containers.trace-syscall"]
[crio.runtime.runtimes.runc]
runtime_path = "/usr/libexec/crio/runc"
`,
};
/** After the original's deploy/crio-nri.conf. */
const originalNri: CrioFile = {
  path: `${folder}/10-nono-nri.conf`,
  text: `[crio.nri]
enable_nri = true
nri_plugin_dir = "/opt/nri/plugins"
nri_plugin_config_dir = "/etc/nri/conf.d"
nri_listen = "/var/run/nri/nri.sock"
`,
};
/** After the original's deploy script. */
const originalHandler: CrioFile = {
  path: `${folder}/99-nono-runc.conf`,
  text: `[crio.runtime.runtimes.nono-runc]
runtime_path = "/usr/libexec/crio/runc"
runtime_root = "/run/runc"
monitor_path = "/usr/libexec/crio/conmon"
`,
};

test("the default handler's options, with our program", () => {
  const proposal = proposeCrio([main, packaged], folder, settings);
  expect(proposal).toMatchObject({ baseProgram: "/usr/libexec/crio/crun", superseded: [], notes: [] });
  const { path, text } = "dropIn" in proposal ? proposal.dropIn : { path: "", text: "" };
  expect(path).toBe(`${folder}/99-kubefence.conf`);
  expect(parseTomlValues(text)).toEqual({
    crio: {
      runtime: {
        runtimes: {
          "nono-runc": {
            runtime_path: "/opt/kubefence/bin/nono-runc",
            runtime_root: "/run/crun",
            monitor_path: "/usr/libexec/crio/conmon",
            allowed_annotations: ["io.containers.trace-syscall"],
          },
        },
      },
    },
  });
});

describe("what is there already", () => {
  test("the original's NRI file is enough, also when paths are asked for", () => {
    const asked = { ...settings, nri: { socketPath: "/var/run/nri/nri.sock" } };
    const proposal = proposeCrio([main, packaged, originalNri], folder, asked);
    expect("dropIn" in proposal && parseTomlValues(proposal.dropIn.text)["crio"]).not.toHaveProperty("nri");
  });

  test("a later file's table of the default handler counts alone, as for CRI-O", () => {
    const text = '[crio.runtime.runtimes.crun]\nruntime_path = "/opt/crun"\n';
    const proposal = proposeCrio([main, packaged, { path: `${folder}/20-crun.conf`, text }], folder, settings);
    expect(proposal).toMatchObject({ baseProgram: "/opt/crun" });
    // Not the annotations that the earlier file let pods have.
    expect("dropIn" in proposal && parseTomlValues(proposal.dropIn.text)).toEqual({
      crio: { runtime: { runtimes: { "nono-runc": { runtime_path: settings.program } } } },
    });
  });

  test("NRI that is switched off is switched on", () => {
    const off = { path: `${folder}/20-off.conf`, text: "[crio.nri]\nenable_nri = false\n" };
    const proposal = proposeCrio([main, originalNri, off], folder, settings);
    expect("dropIn" in proposal && parseTomlValues(proposal.dropIn.text)["crio"]).toMatchObject({
      nri: { enable_nri: true },
    });
  });

  test("the original's handler, which would be read after ours, is replaced", () => {
    const proposal = proposeCrio([main, packaged, originalHandler], folder, settings);
    expect(proposal).toMatchObject({
      superseded: [originalHandler.path],
      notes: [expect.stringContaining("back after uninstall")],
    });
  });

  test("an earlier file with our handler stays: ours wins", () => {
    const earlier = { ...originalHandler, path: `${folder}/98-nono-runc.conf` };
    const proposal = proposeCrio([main, packaged, earlier], folder, settings);
    expect(proposal).toMatchObject({ superseded: [], notes: [] });
    const later = { path: `${folder}/99-other.conf`, text: '[crio.runtime.runtimes.other]\nruntime_path = "/x"\n' };
    expect(proposeCrio([main, packaged, later], folder, settings)).toMatchObject({ superseded: [] });
  });

  test("NRI's paths are changed where they are asked for and differ, connections are let in", () => {
    const closed = { path: `${folder}/20-off.conf`, text: "[crio.nri]\nnri_disable_connections = true\n" };
    const asked = { socketPath: "/run/nri.sock", pluginPath: "/opt/nri/plugins", configPath: undefined };
    const proposal = proposeCrio([main, packaged, originalNri, closed], folder, { ...settings, nri: asked });
    expect("dropIn" in proposal && parseTomlValues(proposal.dropIn.text)["crio"]).toMatchObject({
      nri: { nri_disable_connections: false, nri_listen: "/run/nri.sock" },
    });
    expect("dropIn" in proposal && proposal.dropIn.text).not.toMatch(/plugin_dir|plugin_config_dir/);
  });

  test.each([
    ["", "/usr/libexec/crio/crun"],
    ['[crio.runtime]\ndefault_runtime = "runc"\n', "/usr/libexec/crio/runc"],
    ['[crio.runtime]\ndefault_runtime = ""\n', "/usr/libexec/crio/crun"],
  ])("where the files name no program it is CRI-O's own: %j", (text, baseProgram) => {
    expect(proposeCrio([{ ...main, text }], folder, settings)).toMatchObject({ baseProgram });
  });

  test("a later file that leaves the default runtime empty leaves it to an earlier one", () => {
    const names = { path: `${folder}/01.conf`, text: '[crio.runtime]\ndefault_runtime = "runc"\n' };
    const empty = { path: `${folder}/02.conf`, text: '[crio.runtime]\ndefault_runtime = ""\n' };
    expect(proposeCrio([main, names, empty], folder, settings)).toMatchObject({
      baseProgram: "/usr/libexec/crio/runc",
    });
  });

  test("ours does not count", () => {
    const first = proposeCrio([main, packaged], folder, settings);
    const ours = "dropIn" in first ? first.dropIn : main;
    expect(proposeCrio([main, packaged, ours], folder, settings)).toEqual(first);
  });
});

describe("refused", () => {
  test("a later file that has more than the handler", () => {
    const file = { ...originalHandler, text: `${originalHandler.text}\n[crio.image]\npause_image = "p"\n` };
    expect(proposeCrio([main, packaged, file], folder, settings)).toMatchObject({
      code: "KF_NODE_OVERRIDDEN",
      where: file.path,
      what: "it is read after /etc/crio/crio.conf.d/99-kubefence.conf and has the handler nono-runc too",
      action: "take the table out of it",
    });
  });

  test("a file that is no TOML, and a default handler that is a virtual machine", () => {
    expect(proposeCrio([{ ...main, text: "a =" }], folder, settings)).toMatchObject({
      code: "KF_NODE_TOML",
      where: main.path,
      action: "correct it; CRI-O would not start with it either",
    });
    const vm = '[crio.runtime]\ndefault_runtime = "kata"\n[crio.runtime.runtimes.kata]\nruntime_type = "vm"\n';
    expect(proposeCrio([{ ...main, text: vm }], folder, settings)).toMatchObject({
      code: "KF_NODE_BASE_HANDLER",
      what: "the default handler kata is not of type oci",
    });
  });
});
