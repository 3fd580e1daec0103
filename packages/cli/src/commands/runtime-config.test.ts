import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { byDigestFolder, manifestDigest, writeManifests } from "../files/by-digest.ts";
import { runtimeConfig, type RuntimeConfigOptions } from "./runtime-config.ts";

const generated = new URL("../../../../profiles/generated/", import.meta.url);

let node = "";
let options: RuntimeConfigOptions;
beforeEach(async () => {
  node = mkdtempSync(join(tmpdir(), "kubefence-runtime-config-"));
  for (const folder of ["nono-nri", "nono-nri/profiles", "bin"]) mkdirSync(join(node, folder), { mode: 0o755 });
  writeFileSync(join(node, "nono-nri/nono"), staticElf(), { mode: 0o755 });
  const manifests = ["default.json", "workspace.json"].map((file): [string, string] => [
    file,
    readFileSync(new URL(file, generated), "utf8"),
  ]);
  await writeManifests(join(node, "nono-nri/profiles"), new Map(manifests));
  copyFileSync("/bin/true", join(node, "bin/runc"));
  writeConfiguration("");
  options = {
    config: join(node, "plugin.toml"),
    runtime: join(node, "bin/runc"),
    log: "/var/log/nono-runc.log",
    accept: [],
    output: join(node, "bin/nono-runc.json"),
  };
});
afterEach(() => {
  rmSync(node, { recursive: true });
});

/** An ELF header (elf(5)) with one program header that asks for nothing, so for no loader either. */
function staticElf(): Buffer {
  const program = Buffer.alloc(64 + 56);
  program.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  program.writeBigUInt64LE(64n, 0x20);
  program.writeUInt16LE(56, 0x36);
  program.writeUInt16LE(1, 0x38);
  return program;
}

function writeConfiguration(more: string): void {
  writeFileSync(
    join(node, "plugin.toml"),
    `runtime_classes = ["nono-runc"]\ndefault_profile = "default"\nnono_bin_path = "${node}/nono-nri/nono"\n${more}`,
  );
}

async function readWritten(): Promise<Record<string, unknown>> {
  await runtimeConfig(options);
  return JSON.parse(readFileSync(join(node, "bin/nono-runc.json"), "utf8"));
}

/** What refuses; checks that nothing was written. */
async function failure(changes: Partial<RuntimeConfigOptions> = {}): Promise<string> {
  const text = await runtimeConfig({ ...options, ...changes }).then(
    () => "none",
    (error: unknown) => String(error),
  );
  const written = readdirSync(join(node, "bin"));
  return written.length === 1 ? text : `it wrote ${written.join(", ")}`;
}

describe("what is written", () => {
  test("holds what the node has and the plugin's keys", async () => {
    writeConfiguration(
      'exec_policy = "deny"\nseccomp_profile = "restricted"\n[allowed_profiles]\nb = ["workspace"]\n"*" = ["default"]\n[exec_policy_by_namespace]\nb = "allow"\n',
    );
    const { profiles, exception_lists: lists, launcher, ...rest } = await readWritten();
    expect(rest).toEqual({
      version: 1,
      runtime: join(node, "bin/runc"),
      default_profile: "default",
      invalid_profile: "default",
      allowed_profiles: { "*": ["default"], b: ["workspace"] },
      kubelet_root: "/var/lib/kubelet",
      exec_policy: { default: "deny", namespaces: { b: "allow" } },
      seccomp_profile: "restricted",
      min_landlock_abi: 1,
      log: "/var/log/nono-runc.log",
    });
    const text = readFileSync(new URL("workspace.json", generated), "utf8");
    expect(profiles).toEqual({
      default: expect.objectContaining({ volumes: "none" }),
      workspace: {
        digest: manifestDigest(text),
        volumes: "readwrite",
        config_volumes: true,
        projected_volumes: false,
        exceptions: 0,
      },
    });
    expect(lists).toEqual([expect.arrayContaining(["/etc/shadow", "/var/run/secrets"])]);
    const { ino, size, ctimeNs } = statSync(join(node, "nono-nri/nono"), { bigint: true });
    const nanoseconds = String(ctimeNs % 1_000_000_000n).padStart(9, "0");
    expect(launcher).toEqual({
      directory: join(node, "nono-nri"),
      accepted: [
        {
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          identity: `${ino}:${size}:${ctimeNs / 1_000_000_000n}.${nanoseconds}`,
        },
      ],
    });
  });

  test("replaces what was there, with mode 0644, and leaves nothing else", async () => {
    writeFileSync(join(node, "bin/nono-runc.json"), "old", { mode: 0o600 });
    await readWritten();
    expect(statSync(join(node, "bin/nono-runc.json")).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(node, "bin")).toSorted()).toEqual(["nono-runc.json", "runc"]);
  });

  test("goes to stdout without --output", async () => {
    const { stdout } = await runtimeConfig({ ...options, output: undefined });
    expect(JSON.parse(stdout ?? "")).toMatchObject({ version: 1 });
    expect(readdirSync(join(node, "bin"))).toEqual(["runc"]);
  });

  test("a launcher that is about to be installed is accepted by its content alone", async () => {
    writeFileSync(join(node, "next"), "next");
    options = { ...options, accept: [join(node, "next")] };
    const { launcher } = await readWritten();
    expect(launcher).toMatchObject({ accepted: [{}, { sha256: manifestDigest("next"), identity: "" }] });
  });
});

describe("nothing is written", () => {
  test("where containers would see it", async () => {
    for (const output of [join(node, "nono-nri/nono-runc.json"), join(node, "nono-nri/profiles/x.json")]) {
      expect(await failure({ output })).toContain("which containers see");
    }
  });

  test("without the runtime", async () => {
    expect(await failure({ runtime: join(node, "bin/crun") })).toMatch(/KF_RUNTIME_PROGRAM: .*ENOENT/);
    expect(await failure({ runtime: join(node, "bin") })).toMatch(/KF_RUNTIME_PROGRAM: .*no program/);
    expect(await failure({ runtime: "runc" })).toContain("must be an absolute path");
  });

  test("with a runtime that others can change, or that is nono-runc", async () => {
    expect(await failure({ output: join(node, "bin/runc.json") })).toMatch(/KF_RUNTIME_PROGRAM: .*nono-runc itself/);
    chmodSync(join(node, "bin/runc"), 0o775);
    expect(await failure()).toMatch(/KF_RUNTIME_PROGRAM: .*others than root can write it/);
  });

  test("with a configuration that the plugin would not take", async () => {
    writeConfiguration('exec_policy = "maybe"\n');
    expect(await failure()).toMatch(/KF_RUNTIME_SETTINGS: .*CONFIG_INVALID: .*exec_policy "maybe"/);
    expect(await failure({ config: join(node, "missing") })).toMatch(/KF_RUNTIME_SETTINGS: .*ENOENT/);
  });

  test("for a launcher that is not ours", async () => {
    writeConfiguration('launcher = "nono"\n');
    expect(await failure()).toMatch(/KF_RUNTIME_OTHER_LAUNCHER: .*launcher is "nono"/);
  });

  test("with a launcher that the plugin would not trust", async () => {
    chmodSync(join(node, "nono-nri/nono"), 0o777);
    expect(await failure()).toMatch(/KF_RUNTIME_LAUNCHER: .*can be written by others/);
    rmSync(join(node, "nono-nri/nono"));
    expect(await failure()).toMatch(/KF_RUNTIME_LAUNCHER: .*not found/);
  });

  test("for a profile that is broken, missing, or not stored under its digest", async () => {
    const profile = join(node, "nono-nri/profiles/workspace.json");
    const good = readFileSync(profile, "utf8");
    writeFileSync(profile, good.replace("readwrite", "write"));
    expect(await failure()).toMatch(/KF_RUNTIME_PROFILE: .*compile the profiles again/);
    writeFileSync(profile, "{");
    expect(await failure()).toMatch(/KF_RUNTIME_PROFILE: /);
    writeFileSync(profile, good);
    writeFileSync(join(node, "nono-nri/profiles", byDigestFolder, `${manifestDigest(good)}.json`), "other");
    expect(await failure()).toMatch(/KF_RUNTIME_PROFILE: .*stored under its digest/);
    rmSync(join(node, "nono-nri/profiles/default.json"));
    rmSync(profile);
    expect(await failure()).toMatch(/KF_RUNTIME_PROFILE: .*it holds no profile/);
  });
});
