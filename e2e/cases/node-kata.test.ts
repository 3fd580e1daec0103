import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parse, stringify } from "smol-toml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeName } from "../setup.ts";
import { BareNode } from "../stack/bare-node.ts";
import { containerdFile, containerdPid } from "../stack/containerd/daemon.ts";
import { type ConfigurationVersion, plainConfiguration } from "../stack/containerd/plain-configuration.ts";
import { containerdRelease, type NodeDirectories } from "../stack/directories.ts";
import { KataInstallation, type KataRelease } from "../stack/kata-installation.ts";
import type { NodeSetup } from "../stack/node-setup.ts";

// kubefence node kata on real files and a real containerd. No virtual machine: the shim is a stand-in (e2e/stack/kata-installation.ts).

const versions: ConfigurationVersion[] = containerdRelease().version.startsWith("2.2.") ? [2, 3] : [2, 4];

let bare: BareNode;
let directories: NodeDirectories;
let kata: KataInstallation;

beforeAll(async () => {
  bare = await BareNode.connect(nodeName);
  ({ directories } = bare.node);
  kata = new KataInstallation(`${directories.run}/opt/kata`);
});
afterAll(() => bare.giveBack());

const ours = (): string => `${directories.run}/opt/kubefence/kata`;
const textOf = (path: string): string => readFileSync(path, "utf8");
const containerdNow = (): string => textOf(containerdFile(directories));
const inShare = (): string[] => readdirSync(kata.share).toSorted();

/** A node with this Kata and nothing of Kubefence, and a guest kernel and guest image to install. */
async function start(release: KataRelease, version: ConfigurationVersion): Promise<NodeSetup> {
  const plugin = version === 2 ? `"io.containerd.grpc.v1.cri"` : `'io.containerd.cri.v1.runtime'`;
  const setup = await bare.restart(plainConfiguration(directories, version) + kata.handler(plugin));
  kata.install(release);
  writeFileSync(guest().kernel, "a guest kernel with Landlock\n".repeat(100_000));
  writeFileSync(guest().image, "a guest image with the policy\n".repeat(100_000));
  return setup;
}

const guest = (): { kernel: string; image: string } => ({
  kernel: `${directories.run}/vmlinux`,
  image: `${directories.run}/kata.image`,
});
const withGuest = (): string[] => ["--kernel", guest().kernel, "--image", guest().image];

/** What containerd has of the handler. */
async function handlerIn(setup: NodeSetup): Promise<string> {
  const dump = await setup.dump();
  const [, table = ""] = dump.split(/^ *\[plugins\..*runtimes\.kata-nono-qemu\]$/m);
  return table.split("runtimes.kata-qemu]")[0] ?? "";
}

describe.each(versions)("configuration version %d", (version) => {
  test("install, upgrade of Kata, uninstall: byte for byte as before", { timeout: 300_000 }, async () => {
    const setup = await start("3.28", version);
    const before = setup.snapshot();
    const shared = textOf(kata.shared);

    const plan = await setup.kata("plan", kata, ...withGuest());
    expect(plan).toMatchObject({ exitCode: 2, stderr: "" });
    expect(plan.stdout).toContain(`Kata 3.28.0 (Go runtime), handler kata-qemu, ${kata.shared}\n`);
    expect(setup.snapshot()).toEqual(before);

    const install = await setup.kata("install", kata, ...withGuest(), "--machine-accelerators", "kernel_irqchip=split");
    expect(install).toMatchObject({ exitCode: 0, stderr: "" });
    expect(install.stdout).toContain("restarted containerd; it has loaded the handler kata-nono-qemu\n");
    expect(textOf(kata.shared)).toBe(shared);
    const handler = await handlerIn(setup);
    expect(handler).toContain(`runtime_path = '${kata.shim}'`);
    expect(handler).toContain(`ConfigPath = '${ours()}/configuration-kata-nono-qemu.toml'`);
    expect(handler).toContain("'io.katacontainers.config.hypervisor.default_vcpus'");
    expect(handler).not.toContain("io.katacontainers.*");
    // Kata's own text, whole; what is different stands in one file beside it.
    expect(textOf(`${ours()}/configuration-kata-nono-qemu.toml`).endsWith(shared)).toBe(true);
    expect(readdirSync(`${ours()}/config.d`)).toEqual(["50-30-kernel-params.toml", "90-kubefence.toml"]);
    const [image = "", kernel = ""] = inShare().filter((name) => /landlock|nono/.test(name));
    expect(textOf(`${ours()}/config.d/90-kubefence.toml`)).toMatch(
      new RegExp(
        `^\\[hypervisor\\.qemu\\]\nkernel = "${kata.share}/${kernel}"\nimage = "${kata.share}/${image}"\nmachine_accelerators = "kernel_irqchip=split"\nseccompsandbox = "on,obsolete=deny,spawn=deny,resourcecontrol=deny"\nenable_annotations = `,
        "m",
      ),
    );
    expect(textOf(`${kata.share}/${kernel}`)).toBe(textOf(guest().kernel));
    const noted: { files: { path: string; digest: string }[] } = JSON.parse(
      textOf(`${setup.state}/kata/installed.json`),
    );
    for (const name of [kernel, image]) {
      const digest = noted.files.find(({ path }) => path === `${kata.share}/${name}`)?.digest;
      expect(name).toContain(`-${digest?.slice(0, 16)}.`);
    }

    const flags = [...withGuest(), "--machine-accelerators", "kernel_irqchip=split"];
    expect(await setup.kata("install", kata, ...flags)).toMatchObject({ exitCode: 0, stdout: "nothing to do\n" });

    // kata-deploy puts 3.32 in place: another file, another drop-in, a kernel that has Landlock.
    kata.install("3.32");
    writeFileSync(`${kata.defaults}/runtimes/qemu/config.d/50-user.toml`, "[runtime]\nenable_debug = true\n");
    const pid = containerdPid(directories);
    const upgraded = await setup.kata("install", kata, ...flags);
    expect(upgraded).toMatchObject({ exitCode: 0, stderr: "" });
    expect(upgraded.stdout).toContain("note: Kata's own guest kernel has Landlock, so it stays: Kata 3.32.0 has it");
    expect(upgraded.stdout).toContain(`remove ${kata.share}/${kernel}\n`);
    expect(textOf(`${ours()}/configuration-kata-nono-qemu.toml`).endsWith(kata.configuration("3.32"))).toBe(true);
    expect(readdirSync(`${ours()}/config.d`)).toContain("50-50-user.toml");
    expect(inShare()).toEqual([image, "vmlinux-6.18.15-186"]);
    // The handler is the same, so containerd runs on.
    expect(containerdPid(directories)).toBe(pid);

    kata.install("3.28");
    rmSync(`${kata.defaults}/runtimes/qemu/config.d/50-user.toml`);
    expect(await setup.kata("install", kata, ...flags)).toMatchObject({ exitCode: 0, stderr: "" });
    expect(inShare()).toContain(kernel);
    expect(readdirSync(`${ours()}/config.d`)).toEqual(["50-30-kernel-params.toml", "90-kubefence.toml"]);

    expect(await setup.kata("uninstall", kata)).toMatchObject({ exitCode: 0, stderr: "" });
    expect(setup.snapshot()).toEqual(before);
    expect(existsSync(setup.state)).toBe(false);
    expect(await setup.kata("uninstall", kata)).toMatchObject({ exitCode: 0, stdout: "nothing to do\n" });
  });
});

test("beside the set-up for nono-runc: either may come and go first", { timeout: 300_000 }, async () => {
  const setup = await start("3.28", versions[0] ?? 2);
  const before = setup.snapshot();
  const main = containerdNow();
  const both = async (): Promise<string> => setup.dump();

  expect(await setup.kata("install", kata, ...withGuest())).toMatchObject({ exitCode: 0, stderr: "" });
  const edited = containerdNow();
  expect(await setup.run("install")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(containerdNow()).toBe(edited);
  expect(await both()).toMatch(/kata-nono-qemu[^]*nono-runc/);

  // Kata's made the edit of the main file and leaves first; nono-runc's needs it.
  expect(await setup.kata("uninstall", kata)).toMatchObject({ exitCode: 0, stderr: "" });
  expect(containerdNow()).toBe(edited);
  expect(await both()).toContain("nono-runc");
  expect(await both()).not.toContain("kata-nono-qemu");

  expect(await setup.kata("install", kata, ...withGuest())).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await setup.run("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(containerdNow()).toBe(edited);
  expect(await both()).toContain("kata-nono-qemu");
  expect(await setup.kata("uninstall", kata)).toMatchObject({ exitCode: 0, stderr: "" });
  expect(containerdNow()).toBe(main);
  expect(setup.snapshot()).toEqual(before);
  expect(existsSync(setup.state)).toBe(false);
});

test("--watch does it again when Kata was changed", { timeout: 120_000 }, async () => {
  const setup = await start("3.28", versions[0] ?? 2);
  const { child, ended } = setup.spawnKata("install", kata, ...withGuest(), "--watch", "0.2");
  const derived = (): string =>
    existsSync(`${ours()}/configuration-kata-nono-qemu.toml`)
      ? textOf(`${ours()}/configuration-kata-nono-qemu.toml`)
      : "";
  await expect.poll(() => existsSync(`${setup.state}/kata/installed.json`), { timeout: 60_000 }).toBe(true);
  await delay(1000);
  kata.install("3.32");
  await expect.poll(derived, { timeout: 30_000 }).toContain(kata.configuration("3.32"));
  // Somebody else's file at our place is noticed, too.
  writeFileSync(`${ours()}/config.d/90-kubefence.toml`, "[runtime]\ndisable_guest_seccomp = true\n");
  await expect
    .poll(() => textOf(`${ours()}/config.d/90-kubefence.toml`), { timeout: 30_000 })
    .toContain("disable_guest_seccomp = false");
  // Until it is uninstalled, by whomever.
  await delay(1000);
  expect(await setup.kata("uninstall", kata)).toMatchObject({ exitCode: 0, stderr: "" });
  await delay(2000);
  expect(existsSync(ours())).toBe(false);
  child.kill();
  expect(await ended).toMatchObject({ stderr: "", stdout: expect.stringMatching(/it was uninstalled, .*\n$/) });
});

interface Report {
  ready: boolean;
  rows: { name: string; state: string; value: string; fix?: string }[];
}

test("check says what a handler lacks, and that an upgrade is not applied yet", { timeout: 120_000 }, async () => {
  const setup = await start("3.28", versions[0] ?? 2);
  const check = async (...more: string[]): Promise<Record<string, string>> => {
    const { stdout } = await setup.kata("check", kata, "--json", ...more);
    const report: Report = JSON.parse(stdout);
    for (const { state, fix } of report.rows) expect(fix === undefined).toBe(state === "ok");
    return Object.fromEntries(report.rows.map(({ name, state, value }) => [name, `${state}: ${value}`]));
  };
  expect(await check()).toMatchObject({
    "set-up": "bad: nothing is installed",
    "handler, configured": "bad: no kata-nono-qemu",
  });
  const stock = await check("--handler", "kata-qemu");
  expect(stock).toMatchObject({
    "handler, loaded": "ok: kata-qemu",
    "Landlock in the guest": "bad: none: Kata 3.28.0 is older than 3.32.0",
    "policy of the guest": expect.stringMatching(/^warn: none of ours/),
    "seccomp in the guest": expect.stringMatching(/^warn: off/),
    annotations: expect.stringMatching(/^warn: io\.katacontainers\.\*/),
  });
  expect(await setup.kata("install", kata, ...withGuest())).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await check()).toMatchObject({
    "set-up": "ok: as installed",
    "Landlock in the guest": "ok: our guest kernel",
    "policy of the guest": "ok: in our guest image",
    "seccomp in the guest": "ok: the container's filter is passed on",
    annotations: expect.stringMatching(/^ok: /),
    "seccomp of QEMU": "ok: on,obsolete=deny,spawn=deny,resourcecontrol=deny",
  });
  kata.install("3.32");
  expect(await check()).toMatchObject({ "set-up": expect.stringMatching(/^bad: out of date: /) });
  const plain = await setup.kata("check", kata, "--handler", "kata-qemu");
  expect(plain.stdout).toMatch(/^ok +Landlock in the guest +Kata 3\.32\.0 has it/m);
});

describe("nothing is changed", () => {
  test("while Kata is not there: a message after the time-out", { timeout: 60_000 }, async () => {
    const setup = await bare.restart(plainConfiguration(directories, versions[0] ?? 2));
    const before = setup.snapshot();
    const { exitCode, stderr } = await setup.kata("install", kata, "--kata-timeout", "6");
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: `kubefence: KF_KATA_MISSING: ${containerdFile(directories)}: it has no handler kata-qemu or kata-qemu-runtime-rs, also after 6 s; install Kata (kata-deploy), or name its configuration with --qemu-config\n`,
    });
    expect(setup.snapshot()).toEqual(before);
  });

  test.each<[string, () => string[], string, () => void]>([
    [
      "for a guest image of another Kata",
      () => [...withGuest(), "--image-version", "3.31.0"],
      "KF_KATA_IMAGE",
      () => undefined,
    ],
    [
      "with a drop-in of Kata's that Kata cannot read",
      withGuest,
      "KF_KATA_CONFIG",
      () => writeFileSync(`${kata.defaults}/runtimes/qemu/config.d/60-x.toml`, "[hypervisor.qemu\n"),
    ],
    ["without the kernel that was named", () => ["--kernel", "/nowhere/vmlinux"], "KF_KATA_FILE", () => undefined],
  ])("%s", { timeout: 60_000 }, async (_, flags, code, spoil) => {
    const setup = await start("3.28", versions[0] ?? 2);
    spoil();
    const before = setup.snapshot();
    const { exitCode, stderr } = await setup.kata("install", kata, ...flags());
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(`kubefence: ${code}: `) });
    expect(setup.snapshot()).toEqual(before);
  });

  test("when containerd does not come back: the old files do", { timeout: 120_000 }, async () => {
    const setup = await start("3.28", versions[0] ?? 2);
    const main = containerdNow();
    await bare.stopSupervisor();
    const { exitCode, stderr } = await setup.kata("install", kata, ...withGuest(), "--wait", "2");
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("KF_NODE_RESTART") });
    expect(containerdNow()).toBe(main);
    expect(existsSync(ours())).toBe(false);
    expect(inShare()).toEqual(["vmlinux-6.18.15-186"]);
    bare.startSupervisor();
  });
});

test(
  "CRI-O: its drop-in, and nothing of it after uninstall; CRI-O itself is a stand-in",
  { timeout: 60_000 },
  async () => {
    const setup = await start("runtime-rs-4.2", versions[0] ?? 2);
    const folder = `${directories.run}/opt/crio`;
    const program = `${folder}/stand-in-for-crio`;
    mkdirSync(`${folder}/crio.conf.d`, { recursive: true });
    writeFileSync(program, "#!/bin/sh\necho 'a stand-in, no CRI-O: version 1.35.1'\n", { mode: 0o755 });
    const handler = {
      runtime_path: kata.shim,
      runtime_type: "vm",
      runtime_root: "/run/vc",
      runtime_config_path: kata.shared,
    };
    const runtimes = { "kata-qemu-runtime-rs": handler };
    writeFileSync(`${folder}/crio.conf.d/99-kata-deploy`, stringify({ crio: { runtime: { runtimes } } }));
    const before = setup.snapshot();
    const flags = ["--runtime", "crio", "--runtime-binary", program, "--config", `${folder}/crio.conf`];
    const install = await setup.kata("install", kata, ...flags, "--image", guest().image, "--image-version", "4.2.0");
    expect(install).toMatchObject({ exitCode: 0, stderr: "" });
    expect(parse(textOf(`${folder}/crio.conf.d/99-kubefence-kata.conf`))).toMatchObject({
      crio: {
        runtime: {
          runtimes: {
            "kata-nono-qemu": { ...handler, runtime_config_path: `${ours()}/configuration-kata-nono-qemu.toml` },
          },
        },
      },
    });
    // The Rust runtime's spelling.
    expect(textOf(`${ours()}/config.d/90-kubefence.toml`)).toMatch(/^seccomp_sandbox = "on,/m);
    expect(await setup.kata("plan", kata, ...flags, "--image", guest().image)).toMatchObject({ exitCode: 0 });
    expect(await setup.kata("uninstall", kata, ...flags)).toMatchObject({ exitCode: 0, stderr: "" });
    expect(setup.snapshot()).toEqual(before);
  },
);

test("a killed run is undone by the next one, whichever set-up's that is", { timeout: 120_000 }, async () => {
  const setup = await start("3.28", versions[0] ?? 2);
  const main = containerdNow();
  await bare.stopSupervisor();
  const { child, ended } = setup.spawnKata("install", kata, ...withGuest());
  await expect
    .poll(() => existsSync(`${setup.state}/kata/journal.json`) && textOf(`${setup.state}/kata/journal.json`), {
      timeout: 60_000,
    })
    .toContain('"restarted": true');
  child.kill("SIGKILL");
  await ended;
  expect(containerdNow()).not.toBe(main);
  bare.startSupervisor();
  await bare.node.cri.reconnect();
  const { stdout } = await setup.run("uninstall");
  expect(stdout).toContain(
    "note: an earlier kata install was killed; what it had done is undone, and the runtime was restarted\n",
  );
  expect(containerdNow()).toBe(main);
  expect(existsSync(ours())).toBe(false);

  // Kernel and image are copied before there is anything to undo. What a killed copy has left goes with the next install.
  const half = `${kata.share}/.vmlinux-landlock-0123456789abcdef.container.kubefence-new`;
  writeFileSync(half, "half a ker");
  expect(inShare()).toHaveLength(4);
  expect(await setup.kata("install", kata, "--image", guest().image)).toMatchObject({ exitCode: 0, stderr: "" });
  expect(inShare()).toEqual([expect.stringMatching(/^kata-confidential-nono-/), "vmlinux-6.18.15-186"]);
});
