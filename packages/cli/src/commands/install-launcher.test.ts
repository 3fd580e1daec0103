import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SHIM_NAMES } from "@kubefence/plugin/shims";
import { builtinNames } from "../profile/builtin.ts";
import { installLauncher, type InstallLauncherOptions } from "./install-launcher.ts";

let node = "";
let launcher = "";
let options: InstallLauncherOptions;
beforeEach(() => {
  node = mkdtempSync(join(tmpdir(), "kubefence-install-"));
  options = {
    directory: join(node, "opt/nono-nri"),
    release: join(node, "release"),
    config: join(node, "plugin.toml"),
    runtimeConfig: join(node, "nono-runc.json"),
  };
  cpSync(new URL("../../../../profiles/generated", import.meta.url), join(options.release, "profiles"), {
    recursive: true,
  });
  mkdirSync(join(options.release, "seccomp"));
  writeFileSync(join(options.release, "seccomp/restricted.bpf"), Buffer.from([0xff, 0, 1]));
  launcher = join(options.release, "nono");
  writeFileSync(launcher, staticElf("1"));
  writeFileSync(
    options.config,
    `runtime_classes = ["nono-runc"]\ndefault_profile = "default"\nnono_bin_path = "${options.directory}/nono"\n`,
  );
});
afterEach(() => {
  rmSync(node, { recursive: true });
});

/** An ELF header (elf(5)) with one program header that asks for nothing, so for no loader either. */
function staticElf(more: string): Buffer {
  const program = Buffer.alloc(64 + 56);
  program.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  program.writeBigUInt64LE(64n, 0x20);
  program.writeUInt16LE(56, 0x36);
  program.writeUInt16LE(1, 0x38);
  return Buffer.concat([program, Buffer.from(more)]);
}

const modeOf = (path: string): number => statSync(join(options.directory, path)).mode & 0o7777;

test("installs launcher and profiles for every user, whatever the umask", async () => {
  const before = process.umask(0o077);
  try {
    await installLauncher(options);
  } finally {
    process.umask(before);
  }
  expect([".", "nono", "profiles", "profiles/by-digest", "seccomp"].map(modeOf)).toEqual(
    Array.from({ length: 5 }, () => 0o755),
  );
  expect(["profiles/default.json", "seccomp/restricted.bpf"].map(modeOf)).toEqual([0o644, 0o644]);
  expect(readFileSync(join(options.directory, "seccomp/restricted.bpf"))).toEqual(Buffer.from([0xff, 0, 1]));
  const profiles = readdirSync(join(options.directory, "profiles")).filter((file) => file.endsWith(".json"));
  expect(profiles.toSorted()).toEqual(builtinNames.map((name) => `${name}.json`).toSorted());
});

test("a directory that the original closed to other users is opened, and its wrapper scripts go", async () => {
  mkdirSync(options.directory, { recursive: true });
  writeFileSync(
    join(options.directory, "sh"),
    '#!/bin/sh\nexec /nono/nono wrap --profile "${NONO_PROFILE:-default}" -- /bin/sh "$@"\n',
  );
  writeFileSync(join(options.directory, "perl"), "an operator's own\n");
  chmodSync(options.directory, 0o700);
  const { stdout } = await installLauncher(options);
  expect(modeOf(".")).toBe(0o755);
  expect(existsSync(join(options.directory, "sh"))).toBe(false);
  expect(existsSync(join(options.directory, "perl"))).toBe(true);
  expect(stdout).toContain("/sh: removed");
});

test("PATH shims come with path_shims and go without; the original's scripts make room", async () => {
  writeFileSync(join(options.release, "shim"), staticElf("shim"));
  mkdirSync(options.directory, { recursive: true });
  writeFileSync(join(options.directory, "sh"), '#!/bin/sh\nexec /nono/nono wrap --profile default -- /bin/sh "$@"\n');
  const plain = readFileSync(options.config, "utf8");
  writeFileSync(options.config, `${plain}path_shims = true\nseccomp_profile = "restricted"\n`);
  expect((await installLauncher(options)).stdout).toContain("PATH shims, profile default");
  expect(SHIM_NAMES.map((name) => readlinkSync(join(options.directory, name)))).toEqual(
    SHIM_NAMES.map(() => "shims/shim"),
  );
  expect(["shims", "shims/shim", "shims/profile"].map(modeOf)).toEqual([0o755, 0o755, 0o644]);
  expect(readFileSync(join(options.directory, "shims/profile"), "utf8")).toBe("default\nrestricted\n");
  const { ino } = statSync(join(options.directory, "shims/shim"));
  await installLauncher(options);
  expect(statSync(join(options.directory, "shims/shim")).ino).toBe(ino);

  writeFileSync(options.config, plain);
  expect((await installLauncher(options)).stdout).toContain("sh: removed, a PATH shim");
  expect(readdirSync(options.directory).toSorted()).toEqual(["nono", "profiles", "seccomp"]);
});

test("PATH shims: a file of somebody else's, or a release without the shim, is an error", async () => {
  const plain = readFileSync(options.config, "utf8");
  writeFileSync(options.config, `${plain}path_shims = true\n`);
  await expect(installLauncher(options)).rejects.toMatchObject({ code: "KF_INSTALL_RELEASE" });
  writeFileSync(join(options.release, "shim"), staticElf("shim"));
  mkdirSync(options.directory, { recursive: true });
  writeFileSync(join(options.directory, "perl"), "an operator's own\n");
  await expect(installLauncher(options)).rejects.toMatchObject({
    code: "KF_INSTALL_WRITE",
    message: expect.stringContaining("perl is no shim"),
  });
  expect(existsSync(join(options.directory, "sh"))).toBe(false);
});

test("profile_set: the other set's profiles go, an operator's stay", async () => {
  const installed = (): string[] =>
    readdirSync(join(options.directory, "profiles")).filter((file) => file.endsWith(".json"));
  await installLauncher(options);
  const nono = join(options.release, "profiles-nono");
  mkdirSync(nono);
  cpSync(join(options.release, "profiles/strict.json"), join(nono, "default.json"));
  cpSync(join(options.release, "profiles/strict.json"), join(nono, "linux-host-compat.json"));
  cpSync(join(options.release, "profiles/strict.json"), join(options.directory, "profiles/own.json"));
  const plain = readFileSync(options.config, "utf8");
  writeFileSync(options.config, `${plain}profile_set = "nono"\n`);
  const { stdout } = await installLauncher(options);
  expect(stdout).toContain('workspace.json: removed, not in profile_set = "nono"');
  expect(installed().toSorted()).toEqual(["default.json", "linux-host-compat.json", "own.json"]);
  writeFileSync(options.config, plain);
  await installLauncher(options);
  expect(installed()).not.toContain("linux-host-compat.json");
  expect(installed()).toHaveLength(builtinNames.length + 1);
  writeFileSync(options.config, `${plain}profile_set = "nono"\n`);
  rmSync(nono, { recursive: true });
  await expect(installLauncher(options)).rejects.toMatchObject({ code: "KF_INSTALL_RELEASE" });
});

test("an operator's own profiles come beside the built-in ones or in place of one, and go again", async () => {
  const profiles = join(node, "profiles");
  const installed = (): string[] =>
    readdirSync(join(options.directory, "profiles")).filter((file) => !builtinNames.includes(file.slice(0, -5)));
  const read = (name: string): string => readFileSync(join(options.directory, "profiles", name), "utf8");
  await installLauncher(options);
  const builtIn = read("default.json");
  writeFileSync(join(options.directory, "profiles/theirs.json"), builtIn);
  mkdirSync(profiles);
  writeFileSync(
    join(profiles, "nginx.json"),
    '{ "extends": "default", "filesystem": { "allow": ["/var/log/nginx"] } }',
  );
  writeFileSync(join(profiles, "default.json"), '{ "extends": "default", "filesystem": { "deny": ["/etc/x"] } }');
  const { stdout } = await installLauncher({ ...options, profiles });
  expect(stdout).toContain("/profiles/nginx.json: the operator's\n");
  expect(stdout).toContain("/profiles/default.json: the operator's, in place of the built-in\n");
  expect(installed().toSorted()).toEqual([".own.sha256", "by-digest", "nginx.json", "theirs.json"]);
  expect(read("nginx.json")).toContain("/var/log/nginx");
  expect(read("default.json")).not.toBe(builtIn);
  const stored = createHash("sha256").update(read("nginx.json")).digest("hex");

  rmSync(join(profiles, "default.json"));
  await installLauncher({ ...options, profiles });
  expect(read("default.json")).toBe(builtIn);
  expect((await installLauncher(options)).stdout).toContain(
    "nginx.json: removed, no profile of the operator's any more",
  );
  expect(installed().toSorted()).toEqual(["by-digest", "theirs.json"]);
  expect(existsSync(join(options.directory, `profiles/by-digest/${stored}.json`))).toBe(true);
});

test("an operator's profile that does not compile changes nothing", async () => {
  const profiles = join(node, "profiles");
  mkdirSync(profiles);
  writeFileSync(join(profiles, "good.json"), "{}");
  writeFileSync(join(profiles, "bad.json"), '{ "filesystem": { "allow": ["/nono"] } }');
  await expect(installLauncher({ ...options, profiles })).rejects.toMatchObject({
    code: "KF_PROFILE_FORBIDDEN",
    message: expect.stringContaining(join(profiles, "bad.json")),
  });
  expect(existsSync(options.directory)).toBe(false);
  rmSync(join(profiles, "bad.json"));
  await installLauncher({ ...options, profiles });
  writeFileSync(join(profiles, "good.json"), "{");
  await expect(installLauncher({ ...options, profiles })).rejects.toMatchObject({ code: "KF_PROFILE_SYNTAX" });
  expect(existsSync(join(options.directory, "profiles/good.json"))).toBe(true);
  writeFileSync(options.config, `${readFileSync(options.config, "utf8")}launcher = "nono"\n`);
  await expect(installLauncher({ ...options, profiles })).rejects.toThrow('launcher = "nono" does not read');
});

test("another launcher: upstream nono from the release, or nothing; profiles are the operator's", async () => {
  const plain = readFileSync(options.config, "utf8");
  writeFileSync(options.config, `${plain}launcher = "nono"\n`);
  await expect(installLauncher(options)).rejects.toMatchObject({ code: "KF_INSTALL_RELEASE" });
  writeFileSync(join(options.release, "nono-upstream"), staticElf("upstream"));
  expect((await installLauncher(options)).stdout).toContain("installed, upstream nono");
  expect(readFileSync(join(options.directory, "nono"))).toEqual(staticElf("upstream"));
  expect(readdirSync(options.directory)).toEqual(["nono"]);

  writeFileSync(options.config, `${plain}launcher = "template"\n[launcher_template]\nweb = ["-ro", "/usr"]\n`);
  expect((await installLauncher(options)).stdout).toContain("yours to install");
  expect(readFileSync(join(options.directory, "nono"))).toEqual(staticElf("upstream"));

  writeFileSync(options.runtimeConfig, JSON.stringify({ version: 1, runtime: "/usr/sbin/runc", log: "/var/log/x" }));
  await expect(installLauncher(options)).rejects.toMatchObject({ code: "KF_RUNTIME_OTHER_LAUNCHER" });
});

test("another launcher comes by rename, the same one stays", async () => {
  await installLauncher(options);
  const installed = join(options.directory, "nono");
  const first = statSync(installed).ino;
  const kept = readFileSync(installed);
  expect((await installLauncher(options)).stdout).toContain("nono: unchanged");
  expect(statSync(installed).ino).toBe(first);
  writeFileSync(launcher, staticElf("2"));
  expect((await installLauncher(options)).stdout).toContain("nono: installed");
  expect(statSync(installed).ino).not.toBe(first);
  expect(readFileSync(installed)).not.toEqual(kept);
  expect(readdirSync(options.directory).toSorted()).toEqual(["nono", "profiles", "seccomp"]);
});

test("nono-runc's configuration follows: new launcher and settings, same runtime and log", async () => {
  expect((await installLauncher(options)).stdout).toContain("nono-runc is not set up on this node");
  writeFileSync(options.runtimeConfig, JSON.stringify({ version: 1, runtime: "/usr/sbin/runc", log: "/var/log/x" }));
  writeFileSync(launcher, staticElf("2"));
  const { stdout } = await installLauncher(options);
  expect(stdout).toContain(`${options.runtimeConfig}: refreshed`);
  expect(stdout).not.toContain("not set up");
  const written = JSON.parse(readFileSync(options.runtimeConfig, "utf8"));
  expect(written).toMatchObject({ runtime: "/usr/sbin/runc", log: "/var/log/x", default_profile: "default" });
  const { ino, size } = statSync(join(options.directory, "nono"));
  expect(written.launcher.accepted).toHaveLength(1);
  expect(written.launcher.accepted[0].identity).toMatch(`${ino}:${size}:`);
});

test("a configuration of the plugin that it would refuse is an error with a code, and the launcher stays", async () => {
  await installLauncher(options);
  const before = readFileSync(join(options.directory, "nono"));
  writeFileSync(options.runtimeConfig, JSON.stringify({ version: 1, runtime: "/usr/sbin/runc", log: "/var/log/x" }));
  writeFileSync(launcher, staticElf("2"));
  for (const [text, why] of [
    ["nono_bin_pth = 1\n", "CONFIG_UNPARSABLE"],
    ['runtime_classes = []\ndefault_profile = "default"\n', "CONFIG_INVALID"],
  ] as const) {
    writeFileSync(options.config, text);
    await expect(installLauncher(options)).rejects.toMatchObject({
      code: "KF_RUNTIME_SETTINGS",
      message: expect.stringContaining(`${options.config}: ${why}: `),
    });
  }
  expect(readFileSync(join(options.directory, "nono"))).toEqual(before);
});

test.each([
  ["missing", undefined],
  ["no program", "#!/bin/sh\n"],
])("a launcher that is %s changes nothing", async (_, text) => {
  await installLauncher(options);
  const before = readFileSync(join(options.directory, "nono"));
  if (text === undefined) rmSync(launcher);
  else writeFileSync(launcher, text);
  await expect(installLauncher(options)).rejects.toMatchObject({ code: "KF_INSTALL_RELEASE" });
  expect(readFileSync(join(options.directory, "nono"))).toEqual(before);
});

test("a directory that cannot be made is an error with its path", async () => {
  writeFileSync(join(node, "file"), "");
  const failure = installLauncher({ ...options, directory: join(node, "file/below") });
  await expect(failure).rejects.toMatchObject({
    code: "KF_INSTALL_WRITE",
    message: expect.stringContaining("file/below"),
  });
});
