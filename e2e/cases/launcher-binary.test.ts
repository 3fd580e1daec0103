import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildLauncher, buildLauncherWithSymbols } from "../bare-root/binaries.ts";
import { readElf } from "../bare-root/elf.ts";
import { manifestOf } from "../bare-root/manifest.ts";
import { BareRoot } from "../bare-root/root.ts";
import { run } from "../stack/command.ts";

// That nothing of an image takes part in the launcher's start: no loader, no library, no file's content but
// passwd. A stripped file has no symbols, so those are read from a build that differs in that alone.

const targets = ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"];
const built = new Map<string, string>();
let launcher: string;
let withSymbols: string;

beforeAll(async () => {
  for (const target of targets) {
    built.set(target, await buildLauncher(target));
  }
  launcher = await buildLauncher();
  withSymbols = await buildLauncherWithSymbols();
});

test.for(targets)("static for %s, and small", (target) => {
  const path = built.get(target) ?? "";
  expect(readElf(path)).toEqual({
    interpreter: undefined,
    needsLibraries: false,
    hasWritableCode: false,
    symbols: [],
  });
  expect(statSync(path).size).toBeLessThanOrEqual(1024 * 1024);
});

test("the reader of ELF files finds what must not be there", () => {
  const dynamic = readElf("/bin/sh");
  expect(dynamic.interpreter).toMatch(/^\/lib.*ld/);
  expect(dynamic.needsLibraries).toBe(true);
});

test("no name service, locale, conversion or dynamic loading is linked in", () => {
  const { symbols } = readElf(withSymbols);
  expect(symbols).toContain("execve");
  const foreign = /^(_*nss|getpw|getgr|getaddrinfo|gethostby|setlocale|newlocale|iconv|gconv|dl(m?open|sym)|catopen)/;
  expect(symbols.filter((symbol) => foreign.test(symbol))).toEqual([]);
  const strings = readFileSync(launcher).toString("latin1");
  expect(
    strings.match(/nsswitch|locale-archive|ld\.so\.preload|gconv|GLIBC_TUNABLES|\/etc\/(?!passwd)[a-z.]+\0/g),
  ).toBeNull();
});

test("--version and --probe", async () => {
  const { version } = JSON.parse(
    execFileSync("cargo", ["metadata", "--no-deps", "--format-version", "1"], {
      cwd: join(import.meta.dirname, "../../native"),
      encoding: "utf8",
    }),
  ).packages.find((crate: { name: string }) => crate.name === "kubefence-launcher");
  expect(await run(launcher, ["--version"])).toBe(`nono ${version} (Kubefence launcher)\n`);
  const probe = await run(launcher, ["--probe"]);
  expect(probe).toMatch(/^[^\n]+\n$/);
  expect(JSON.parse(probe)).toEqual({
    version,
    landlock: { abi: expect.any(Number), errata: expect.any(Number), denied_open: true },
    kernel: execFileSync("uname", ["-r"], { encoding: "utf8" }).trim(),
  });
});

describe("traced", () => {
  let root: BareRoot;
  let directory: string;

  beforeAll(async () => {
    root = await BareRoot.create();
    directory = mkdtempSync(join(tmpdir(), "kubefence-trace-"));
    root.file("/etc/shadow");
    root.file("/etc/ld.so.preload", "/lib/evil.so\n");
    root.file("/home/app/.ssh/id");
    root.file("/srv/app/file");
    const grants = ["r /etc", "rw $HOME", "rw $WORKDIR", "r /usr", "r /*.sh"];
    root.profile("test", manifestOf(grants, ["/etc/shadow", "$HOME/.ssh", "/home/*/.ssh"]));
  });

  afterAll(() => {
    rmSync(directory, { recursive: true });
    root.remove();
  });

  /** The system calls of a start up to its restriction, without those that brought it into the root. */
  async function trace(): Promise<string[]> {
    const log = join(directory, "trace");
    const script = `mount --bind ${root.launcherDirectory} ${root.path}/nono; exec "$@"`;
    const enter = ["unshare", "-R", root.path, "-w", "/srv/app"];
    const start = ["/nono/nono", "wrap", "--profile", "test", "--", "/bin/true"];
    const traced = ["strace", "-o", log, ...enter, ...start];
    await run("unshare", ["--mount", "sh", "-euc", script, "sh", ...traced]);
    const calls = readFileSync(log, "utf8").split("\n");
    const started = calls.findIndex((call) => call.startsWith('execve("/nono/nono"'));
    const restricted = calls.findIndex((call) => call.startsWith("landlock_restrict_self"));
    expect(started).toBeGreaterThan(0);
    expect(restricted).toBeGreaterThan(started);
    return calls.slice(started + 1, restricted + 1);
  }

  test("before it has restricted itself it reads no file but its profile and passwd, and lists directories", async () => {
    const calls = await trace();
    const opens = calls.filter((call) => /^(open|openat|openat2)\(/.test(call));
    const readable = opens.filter((call) => !call.includes("O_PATH") && !call.includes("O_DIRECTORY"));
    const names = readable.map((call) => /"([^"]*)"/.exec(call)?.[1]);
    expect(names).toEqual(["test.json", "/etc/passwd"]);
    expect(opens.filter((call) => !call.includes("O_CLOEXEC"))).toEqual([]);
    expect(opens.filter((call) => /O_(WRONLY|RDWR|CREAT|TRUNC)/.test(call))).toEqual([]);
  });

  test("it asks for denials of the started command to be logged, and for its own proof not to be", async ({ skip }) => {
    const { landlock } = JSON.parse(await run(launcher, ["--probe"]));
    skip(landlock.abi < 7, `not run: Landlock ABI ${landlock.abi} logs nothing`);
    expect((await trace()).at(-1)).toMatch(
      /^landlock_restrict_self\(\d+, (0x3|LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF\|LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON)\) += 0/,
    );
  });

  test("it changes nothing but itself, and starts no thread and no process", async () => {
    const names = new Set((await trace()).map((call) => call.split("(")[0]));
    const known = new Set(
      `access arch_prctl brk close close_range exit faccessat2 fcntl fstat getcwd getdents64 geteuid getrandom landlock_add_rule
      landlock_create_ruleset landlock_restrict_self madvise mmap mprotect munmap newfstatat open openat openat2 prctl read readlink
      readlinkat set_tid_address stat statx`.split(/\s+/),
    );
    expect([...names].filter((name) => !known.has(name ?? ""))).toEqual([]);
  });

  test("the trace shows a read where there is one", async () => {
    // The same reader of traces on a program that does read.
    const log = join(directory, "reading");
    writeFileSync(join(directory, "content"), "content\n");
    await run("strace", ["-o", log, "cat", join(directory, "content")]);
    expect(readFileSync(log, "utf8")).toMatch(/^open(at)?\(.*content", O_RDONLY\)/m);
  });
});
