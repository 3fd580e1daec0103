import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { KubefenceError } from "../errors.ts";
import type { Configuration } from "./configuration.ts";
import { loadConfiguration } from "./load.ts";

const directory = mkdtempSync(join(tmpdir(), "kubefence-config-"));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const minimal = 'runtime_classes = ["nono-runc"]\ndefault_profile = "default"\nnono_bin_path = "/opt/nono-nri/nono"\n';

function load(content: string | Uint8Array): Configuration {
  const path = join(directory, "config.toml");
  writeFileSync(path, content);
  return loadConfiguration(path);
}

function problem(content: string | Uint8Array): string {
  try {
    load(content);
  } catch (error) {
    if (error instanceof KubefenceError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "none";
}

/** The minimal file without the line of `key`, with `line` instead. */
function changed(key: string, line: string): string {
  return `${minimal.replace(new RegExp(`^${key} .*\n`, "m"), "")}${line}\n`;
}

describe("a file written for the original", () => {
  test("is read as it is", () => {
    const content = `${minimal}seccomp_profile = ""\nsocket_path = "/run/nri.sock"\nvm_rootfs_classes = ["kata-qemu"]\n`;
    expect(load(content)).toEqual({
      runtimeClasses: ["nono-runc"],
      defaultProfile: "default",
      nonoBinPath: "/opt/nono-nri/nono",
      seccompProfile: "",
      socketPath: "/run/nri.sock",
      vmRootfsClasses: ["kata-qemu"],
      invalidProfile: "default",
      allowedProfiles: undefined,
      minLandlockAbi: 1,
      kubeletRoot: "/var/lib/kubelet",
      stateDirectory: "/var/run/nono-nri",
      pathShims: false,
      profileSet: "kubefence",
      launcher: "kubefence",
      launcherTemplate: new Map(),
      launcherVariables: [],
      execPolicy: "sandbox",
      execPolicyByNamespace: new Map(),
      kataClasses: [],
      kataAnnotations: [],
      kataPolicySha256: [],
    });
  });

  test("nono_bin_path may be missing where every class is a VM class", () => {
    const content = 'runtime_classes = ["kata-qemu"]\ndefault_profile = "default"\nvm_rootfs_classes = ["kata-qemu"]\n';
    expect(load(content)).toMatchObject({ nonoBinPath: "", runtimeClasses: ["kata-qemu"] });
  });
});

describe("the original's messages", () => {
  test.each([
    [changed("runtime_classes", ""), "config: runtime_classes must not be empty"],
    [changed("runtime_classes", "runtime_classes = []"), "config: runtime_classes must not be empty"],
    [
      changed("default_profile", ""),
      'config: default_profile "" is invalid: must match ^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$',
    ],
    [
      changed("default_profile", 'default_profile = "--help"'),
      'config: default_profile "--help" is invalid: must match ^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$',
    ],
    [
      changed("nono_bin_path", 'vm_rootfs_classes = ["other"]'),
      'config: nono_bin_path must not be empty when bind-mount delivery is used (handler "nono-runc" is not in vm_rootfs_classes)',
    ],
    [
      changed("nono_bin_path", 'nono_bin_path = "opt/nono"'),
      'config: nono_bin_path "opt/nono" must be an absolute path',
    ],
    [
      `${minimal}seccomp_profile = "strict"\n`,
      'config: seccomp_profile "strict" is invalid: must be "runtime-default", "restricted", "original-runtime-default", "original-restricted", or empty',
    ],
  ])("%#: %s", (content, message) => {
    expect(problem(content)).toBe(`CONFIG_INVALID ${message}`);
  });

  test("are found in the original's order", () => {
    expect(problem('default_profile = ""')).toContain("runtime_classes must not be empty");
    expect(problem('runtime_classes = ["a"]')).toContain("default_profile");
  });

  test("an unreadable file", () => {
    expect(() => loadConfiguration(join(directory, "missing.toml"))).toThrow(/^reading config: ENOENT/);
    expect(() => loadConfiguration(directory)).toThrow(/^reading config: EISDIR/);
  });

  test.each([
    [
      `${minimal}runtime_class = "x"\n`,
      /^CONFIG_UNPARSABLE parsing config: unknown key "runtime_class"; known are runtime_classes, /,
    ],
    [`${minimal}[section]\n`, /^CONFIG_UNPARSABLE parsing config: unknown key "section"/],
    [`${minimal}__proto__ = 1\n`, /^CONFIG_UNPARSABLE parsing config: unknown key "__proto__"/],
    [
      changed("default_profile", "default_profile = 1"),
      /^CONFIG_UNPARSABLE parsing config: default_profile must be a string/,
    ],
    [
      changed("runtime_classes", 'runtime_classes = "a"'),
      /^CONFIG_UNPARSABLE parsing config: runtime_classes must be an array/,
    ],
    [
      changed("runtime_classes", "runtime_classes = [1]"),
      /^CONFIG_UNPARSABLE parsing config: runtime_classes must be an array/,
    ],
    [`${minimal}min_landlock_abi = 1.5\n`, /^CONFIG_UNPARSABLE parsing config: min_landlock_abi must be an integer/],
    [`${minimal}path_shims = "no"\n`, /^CONFIG_UNPARSABLE parsing config: path_shims must be true or false/],
    [`${minimal}allowed_profiles = ["a"]\n`, /^CONFIG_UNPARSABLE parsing config: allowed_profiles must be a table/],
    [
      `${minimal}allowed_profiles = 2026-01-01\n`,
      /^CONFIG_UNPARSABLE parsing config: allowed_profiles must be a table/,
    ],
    [
      `${minimal}[allowed_profiles]\n"*" = "a"\n`,
      /^CONFIG_UNPARSABLE parsing config: allowed_profiles."\*" must be an array/,
    ],
    [
      `${minimal}[exec_policy_by_namespace]\na = 1\n`,
      /^CONFIG_UNPARSABLE parsing config: exec_policy_by_namespace."a" must be a string/,
    ],
    [`${minimal}default_profile = "twice"\n`, /^CONFIG_UNPARSABLE parsing config: .*redefine/s],
    ["runtime_classes = [", /^CONFIG_UNPARSABLE parsing config: /],
    [Uint8Array.of(0x61, 0x3d, 0x22, 0xff, 0x22), /^CONFIG_UNPARSABLE parsing config: .* is not UTF-8/],
  ])("strict TOML %#: %s", (content, message) => {
    expect(problem(content)).toMatch(message);
  });
});

describe("keys that are new", () => {
  test("are read", () => {
    const content =
      `${minimal}invalid_profile = "refuse"\nmin_landlock_abi = 6\nkubelet_root = "/data/kubelet/"\n` +
      'state_directory = "/run/state"\npath_shims = false\nexec_policy = "deny"\nkata_classes = ["nono-runc"]\n' +
      `kata_annotations = ["io.katacontainers.x"]\nkata_policy_sha256 = ["${"0a".repeat(32)}"]\n` +
      '[allowed_profiles]\n"*" = ["default"]\n' +
      'team-a = ["strict"]\n[exec_policy_by_namespace]\nteam-a = "allow"\n';
    expect(load(content)).toMatchObject({
      invalidProfile: "refuse",
      minLandlockAbi: 6,
      kubeletRoot: "/data/kubelet",
      stateDirectory: "/run/state",
      allowedProfiles: new Map([
        ["*", ["default"]],
        ["team-a", ["strict"]],
      ]),
      execPolicy: "deny",
      kataClasses: ["nono-runc"],
      kataAnnotations: ["io.katacontainers.x"],
      kataPolicySha256: ["0a".repeat(32)],
      execPolicyByNamespace: new Map([["team-a", "allow"]]),
    });
  });

  test.each([
    ['kata_classes = ["kata-vm"]', 'kata_classes has "kata-vm", which is not in runtime_classes'],
    [
      'kata_annotations = ["nono.sh/profile"]',
      'kata_annotations has "nono.sh/profile": must begin with io.katacontainers.',
    ],
    ['kata_annotations = ["io.katacontainers.config.agent.policy"]', "policies are listed in kata_policy_sha256"],
    ['kata_policy_sha256 = ["ABCD"]', 'kata_policy_sha256 has "ABCD": must be 64 digits'],
    ['invalid_profile = "deny"', 'invalid_profile "deny" is invalid: must be "default" or "refuse"'],
    ['allowed_profiles = { a = ["-x"] }', 'allowed_profiles."a" has "-x": must match'],
    ["min_landlock_abi = 0", "min_landlock_abi 0 is invalid: must be 1 or more"],
    ['kubelet_root = "kubelet"', 'kubelet_root "kubelet" must be an absolute path'],
    ['state_directory = "/"', 'state_directory "/" must be an absolute path'],
    ['exec_policy = "no"', 'exec_policy "no" is invalid: must be "sandbox", "deny" or "allow"'],
    ['exec_policy_by_namespace = { a = "" }', 'exec_policy_by_namespace."a" "" is invalid'],
    [`profile_set = "ours"`, `profile_set "ours" is invalid`],
    [`profile_set = "nono"\nlauncher = "nono"`, `profile_set = "nono" needs launcher = "kubefence"`],
    [
      'seccomp_profile = "unconfined"',
      'seccomp_profile "unconfined" is invalid: must be "runtime-default", "restricted", "original-runtime-default", "original-restricted", or empty',
    ],
  ])("%s is refused", (line, message) => {
    expect(problem(`${minimal}${line}\n`)).toContain(`CONFIG_INVALID config: `);
    expect(problem(`${minimal}${line}\n`)).toContain(message);
  });
});

describe("the launcher's directory is mounted into every sandboxed container, so it must be its own", () => {
  test.each([
    "/nono",
    "/usr/bin/nono",
    "/usr//bin/./nono",
    "/usr/local/bin/nono",
    "/bin/nono",
    "/etc/nono",
    "/opt/nono",
    "/x/../etc/nono",
    "/var/lib/kubelet/nono",
    "/proc/1/nono",
    "/dev/shm/nono",
  ])("%s", (path) => {
    expect(problem(changed("nono_bin_path", `nono_bin_path = "${path}"`))).toMatch(
      /^CONFIG_INVALID .*directory of its own/,
    );
  });

  test("a directory of its own will do, and is cleaned", () => {
    const content = changed("nono_bin_path", 'nono_bin_path = "/opt//nono-nri/./nono"');
    expect(load(content).nonoBinPath).toBe("/opt/nono-nri/nono");
  });
});
