import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "smol-toml";
import { expect } from "vitest";
import { createMeanwhile, settle } from "../creations.ts";
import { type PluginFixtures, testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";
import type { Pod } from "../stack/kubelet/pod.ts";
import type { LogRecord } from "../stack/plugin/log.ts";
import { configurationFile } from "../stack/plugin/process.ts";

// SIGHUP while containerd creates containers: a changed configuration is in force, one that cannot be used is not, and no create fails.

const test = testWithPlugin();
type Parts = Pick<PluginFixtures, "node" | "plugin">;

const data = { volumes: [{ name: "data", kind: "emptyDir" as const }] };
let written = 0;

/** True where the default profile is one that lets its container write the pod's data volume. */
async function writesVolume(pod: Pod): Promise<boolean> {
  const volumeMounts = [{ name: "data", mountPath: "/data" }];
  // A file that is not there yet: the times of one that is are no write to Landlock.
  const name = `writer-${++written}`;
  const { exitCode, stderr } = await pod.complete({
    name,
    image: images.busybox,
    command: ["touch", `/data/${name}`],
    volumeMounts,
  });
  if (exitCode !== 0) expect(stderr).toContain("Permission denied");
  return exitCode === 0;
}

const isSaid = ({ msg }: LogRecord): boolean => /^configuration (?:not )?reloaded$/.test(msg);

/** Replaces the configuration, sends SIGHUP, and returns what the plugin then says. */
async function reload({ node, plugin }: Parts, text: string): Promise<LogRecord> {
  const before = plugin.log.records().filter(isSaid).length;
  writeFileSync(configurationFile(node.directories), text);
  process.kill(plugin.pid ?? 0, "SIGHUP");
  const said = (): LogRecord[] => plugin.log.records().filter(isSaid).slice(before);
  await expect.poll(() => said().length, { timeout: 20_000 }).toBe(1);
  return said()[0] ?? expect.fail("not there any more");
}

const changed = (text: string, settings: object): string => stringify({ ...parse(text), ...settings });

test(
  "a new default profile is in force for the next container; what cannot be used changes nothing",
  { timeout: 200_000 },
  async ({ node, plugin, runSandboxedPod }) => {
    const file = configurationFile(node.directories);
    const original = readFileSync(file, "utf8");
    const { pid } = plugin;
    const pod = await runSandboxedPod(data);
    await using creations = createMeanwhile(await runSandboxedPod({}));
    expect(await writesVolume(pod)).toBe(false);

    const workspace = changed(original, { default_profile: "workspace" });
    expect(await reload({ node, plugin }, workspace)).toMatchObject({
      level: "INFO",
      msg: "configuration reloaded",
      config: file,
      changed: ["default_profile"],
    });
    expect(await writesVolume(pod)).toBe(true);

    const unusable: [string, RegExp][] = [
      ["default_profile = ", /^CONFIG_UNPARSABLE: /],
      [changed(original, { default_profil: "strict" }), /^CONFIG_UNPARSABLE: .*default_profil\b/],
      [changed(original, { default_profile: "../etc" }), /^CONFIG_INVALID: .*\.\.\/etc/],
      [changed(original, { default_profile: "strict", min_landlock_abi: 99 }), /^[A-Z_]+: .*99/],
    ];
    for (const [text, error] of unusable) {
      expect(await reload({ node, plugin }, text)).toMatchObject({
        level: "ERROR",
        msg: "configuration not reloaded",
        config: file,
        error: expect.stringMatching(error),
      });
      expect(await writesVolume(pod)).toBe(true);
    }

    // What only a restart can change keeps its value, and is said.
    const elsewhere = changed(original, {
      default_profile: "strict",
      state_directory: join(node.directories.run, "x"),
    });
    expect(await reload({ node, plugin }, elsewhere)).toMatchObject({ changed: ["default_profile"] });
    expect(await plugin.log.find({ msg: "configuration needs a restart" })).toMatchObject({
      level: "WARN",
      keys: ["state_directory"],
    });
    expect(await writesVolume(pod)).toBe(false);
    expect(await reload({ node, plugin }, workspace)).toMatchObject({ changed: ["default_profile"] });
    expect(await writesVolume(pod)).toBe(true);

    const { created, errors } = await settle(creations, 20);
    expect(errors).toEqual([]);
    expect(created).toBeGreaterThan(19);
    expect(plugin.pid).toBe(pid);
  },
);

test(
  "many signals, one after the other, while the file changes: the last one counts",
  { timeout: 120_000 },
  async ({ node, plugin, runSandboxedPod }) => {
    const file = configurationFile(node.directories);
    const original = readFileSync(file, "utf8");
    const pod = await runSandboxedPod(data);
    await using creations = createMeanwhile(await runSandboxedPod({}));
    expect(await writesVolume(pod)).toBe(true);
    const signal = (text: string): void => {
      writeFileSync(file, text);
      process.kill(plugin.pid ?? 0, "SIGHUP");
    };
    for (let round = 0; round < 50; round++) {
      signal(round % 3 === 0 ? "default_profile" : changed(original, { default_profile: "workspace" }));
    }
    signal(changed(original, { default_profile: "default" }));
    await expect.poll(() => writesVolume(pod), { timeout: 20_000 }).toBe(false);
    const { errors } = await settle(creations, 10);
    expect(errors).toEqual([]);
  },
);
