import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { manifestOf } from "../bare-root/manifest.ts";
import { BareRoot, type Outcome, type Start } from "../bare-root/root.ts";

// Every way in which the launcher starts nothing: its exit status, its code, its one line.

let root: BareRoot;

beforeAll(async () => {
  root = await BareRoot.create();
  root.profile("test", manifestOf([]));
});

afterAll(() => root.remove());

/** Exit status and code of an outcome that printed nothing else. */
function refusal({ status, stdout, stderr }: Outcome): string {
  expect(stdout).toBe("");
  const [, code] = /^nono: ([A-Z_]+): [^\n]+: [^\n]+; [^\n]+\n$/.exec(stderr) ?? [];
  return `${status} ${code ?? stderr}`;
}

async function start(options: Partial<Start>): Promise<string> {
  return refusal(await root.run({ command: ["echo", "started"], ...options }));
}

async function launcher(...args: string[]): Promise<string> {
  return refusal(await root.runPlain({ command: ["/nono/nono", ...args] }));
}

/** A start inside so many domains that allow everything. */
function within(count: number): Partial<Start> {
  return { around: ["/bin/trial", "layers", String(count), "--"] };
}

test("wrong command lines", async () => {
  for (const args of [
    [],
    ["--help"],
    ["run"],
    ["wrap"],
    ["wrap", "--", "true"],
    ["wrap", "--profile", "test"],
    ["wrap", "--profile", "test", "--"],
    ["wrap", "--profile", "../test", "--", "true"],
    ["wrap", "--profile", "test", "--allow", "/", "--", "true"],
    ["wrap", "--profile", "test", "--rw", "data", "--", "true"],
    ["wrap", "--profile", "test", "--ro", "/a/../b", "--", "true"],
    ["--probe", "x"],
  ]) {
    expect(await launcher(...args), args.join(" ")).toBe("125 USAGE");
  }
});

test("one line, whatever the values hold", async () => {
  const { stderr } = await root.run({ command: ["no\nsuch\u001b[31m\u0085"] });
  expect(stderr.trimEnd()).not.toMatch(/[\p{Cc}]/u);
  expect(stderr).toContain("no\\nsuch\\x1b[31m");
});

describe("profiles", () => {
  test("a profile that is not installed, built-in or not", async () => {
    expect(await start({ profile: "none" })).toBe("125 PROFILE_NOT_INSTALLED");
    expect(await start({ profile: "default" })).toBe("125 PROFILE_NOT_INSTALLED");
  });

  test("manifests that are not what is expected", async () => {
    root.profile("bad", "{");
    expect(await start({ profile: "bad" })).toBe("125 MANIFEST_INVALID");
    root.profile("bad", '{"version":"0.1.0","kubefence":{"exceptions":[]},"kubefence":{"exceptions":["/x"]}}');
    expect(await start({ profile: "bad" })).toBe("125 MANIFEST_INVALID");
    root.profile("bad", '{"version":"0.1.0","surprise":1}');
    expect(await start({ profile: "bad" })).toBe("125 MANIFEST_INVALID");
    root.profile("bad", `{"version":"0.1.0"}${" ".repeat(1 << 20)}`);
    expect(await start({ profile: "bad" })).toBe("125 MANIFEST_INVALID");
    root.profile("bad", { network: { mode: "proxy" } });
    expect(await start({ profile: "bad" })).toBe("125 MANIFEST_UNSUPPORTED");
  });

  test("manifests that are no regular files", async () => {
    const profiles = join(root.launcherDirectory, "profiles");
    root.file("/etc/mine.json", JSON.stringify({ version: "0.1.0", ...manifestOf(["rw /"]) }));
    symlinkSync("/etc/mine.json", join(profiles, "linked.json"));
    expect(await start({ profile: "linked" })).toBe("125 PROFILE_UNREADABLE");
    mkdirSync(join(profiles, "directory.json"));
    expect(await start({ profile: "directory" })).toBe("125 PROFILE_UNREADABLE");
  });

  test("a profiles folder that exists and cannot be used is not replaced by the built-in ones", async () => {
    const profiles = join(root.launcherDirectory, "profiles");
    chmodSync(profiles, 0o700);
    expect(await start({ profile: "test", user: 1000 })).toBe("125 PROFILE_UNREADABLE");
    chmodSync(profiles, 0o755);
    rmSync(profiles, { recursive: true });
    symlinkSync("/etc", profiles);
    expect(await start({ profile: "default" })).toBe("125 PROFILE_UNREADABLE");
    rmSync(profiles);
  });

  test("without a profiles folder the built-in ones count", async () => {
    const outcome = await root.run({ profile: "default", command: ["sh", "-c", "echo started; ls /nono"] });
    expect(outcome.stdout).toBe("started\n");
    expect(await start({ profile: "test" })).toBe("125 PROFILE_NOT_INSTALLED");
    mkdirSync(join(root.launcherDirectory, "profiles"));
    root.profile("test", manifestOf([]));
  });
});

describe("the launcher's directory", () => {
  test.for([
    ["a file", ": >/inner/nono"],
    ["a link", "mkdir /inner/real && ln -s real /inner/nono"],
    ["missing", "true"],
  ] as const)("%s in its place", async ([, make]) => {
    copyFileSync(join(root.launcherDirectory, "nono"), root.at("/bin/nono"));
    const build = `rm -rf /inner; mkdir -p /inner/bin; ${make}; cp /bin/nono /bin/busybox /inner/bin`;
    const run = "exec chroot /inner /bin/nono wrap --profile default -- /bin/busybox true";
    expect(refusal(await root.runPlain({ command: ["sh", "-c", `${build}; ${run}`] }))).toBe("125 LAUNCHER_DIRECTORY");
  });

  test("one that the user may enter and not list proves nothing", async () => {
    chmodSync(root.launcherDirectory, 0o711);
    expect(await start({ user: 1000 })).toBe("125 PROOF_IMPOSSIBLE");
    chmodSync(root.launcherDirectory, 0o755);
    expect((await root.run({ user: 1000, command: ["echo", "started"] })).stdout).toBe("started\n");
  });

  test("a second mount of it that a grant opens fails the proof", async () => {
    root.directory("/copy");
    root.profile("copy", manifestOf(["r /copy"]));
    const mounts = [`--bind ${root.launcherDirectory} ROOT/copy`];
    expect(await start({ profile: "copy", mounts })).toBe("125 PROOF_FAILED");
  });
});

describe("a restriction that is not in force", () => {
  test.for([
    ["landlock_restrict_self", "0", "PROOF_FAILED"],
    ["landlock_restrict_self", "1", "LANDLOCK_FAILED"],
    ["landlock_create_ruleset", "0", "LANDLOCK_UNAVAILABLE"],
    ["landlock_create_ruleset", "38", "LANDLOCK_UNAVAILABLE"],
    ["landlock_create_ruleset", "95", "LANDLOCK_UNAVAILABLE"],
    ["prctl", "0", "NO_NEW_PRIVILEGES"],
    ["prctl", "1", "LANDLOCK_FAILED"],
  ] as const)("%s answered with %s", async ([call, error, code]) => {
    expect(await start({ around: ["/bin/trial", "answer", call, error, "--"] })).toBe(`125 ${code}`);
  });

  test("the sixteenth domain is the last", async () => {
    const outcome = await root.run({ ...within(15), command: ["cat", "/etc/passwd"] });
    expect(outcome.stderr).toContain("Permission denied");
    expect(await start(within(16))).toBe("125 LANDLOCK_LAYERS");
  });

  test("the launcher inside its own sandbox", async () => {
    const nested = ["/nono/nono", "wrap", "--profile", "test", "--", "true"];
    expect(refusal(await root.run({ command: nested }))).toBe("125 PROFILE_UNREADABLE");
  });
});

describe("commands", () => {
  test("that do not exist", async () => {
    for (const command of ["none", "/bin/none", "/bin/busybox/x", "./none", ""]) {
      expect(await start({ command: [command] }), command).toBe("127 COMMAND_NOT_FOUND");
    }
  });

  test("that cannot be executed", async () => {
    root.file("/bin/plain", "text\n");
    root.file("/bin/text", "text\n", { mode: 0o755 });
    root.file("/bin/orphan", "#!/none/sh\n", { mode: 0o755 });
    root.file("/interpreted", "#!/ungranted\n", { mode: 0o755 });
    copyFileSync(root.at("/bin/busybox"), root.at("/ungranted"));
    for (const command of ["/bin/plain", "plain", "/bin/text", "/bin/orphan", "/bin", "/interpreted", "/etc/passwd"]) {
      expect(await start({ command: [command] }), command).toBe("126 COMMAND_NOT_EXECUTABLE");
    }
  });

  test("the exit status of a command is its own", async () => {
    expect((await root.run({ command: ["sh", "-c", "exit 42"] })).status).toBe(42);
  });
});
