import { chmodSync, copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Manifest } from "../bare-root/manifest.ts";
import { BareRoot, type Start } from "../bare-root/root.ts";
import { checkout } from "../stack/directories.ts";

// The container's own command runs under every profile, wherever the image keeps it; nothing around it is granted.

let root: BareRoot;

beforeAll(async () => {
  root = await BareRoot.create();
  for (const path of ["/server", "/closed/server", "/app/server", "/data/.keep"]) {
    root.file(path);
    copyFileSync(root.at("/bin/trial"), root.at(path));
    chmodSync(root.at(path), 0o755);
  }
  root.file("/secret");
  root.link("/to-server", "/server");
  root.link("/to-closed", "closed/server");
  root.profile("nothing", nothing([]));
  root.profile("closed", nothing(["/closed"]));
  root.profile("server-closed", nothing(["/server"]));
  for (const name of ["default", "strict"]) {
    root.profile(name, readFileSync(join(checkout, `profiles/generated/${name}.json`), "utf8"));
  }
});

afterAll(() => root.remove());

/** A manifest that grants nothing at all. */
function nothing(exceptions: string[]): Manifest {
  return { filesystem: { grants: [] }, kubefence: { exceptions } };
}

/** What the command answers when it tries to read `path`, or the status and code of the refusal. */
async function read(path: string, { command, ...start }: Start): Promise<string> {
  const { status, stdout, stderr } = await root.run({ ...start, command: [...command, "read", path] });
  return status === 0 ? stdout.trim() : `${status} ${/^nono: ([A-Z_]+)/.exec(stderr)?.[1] ?? stderr}`;
}

test("a program in / starts under the built-in profiles and reads no more than itself there", async () => {
  for (const profile of ["default", "strict", "nothing"]) {
    expect(await read("/server", { profile, command: ["/server"] }), profile).toBe("ok");
    expect(await read("/secret", { profile, command: ["/server"] }), profile).toBe("EACCES");
    expect(await read("/app/server", { profile: "nothing", command: ["/server"] })).toBe("EACCES");
  }
});

test.for([
  ["by PATH", { command: ["server"], environment: { PATH: "/none:/app" } }],
  ["relative", { command: ["./server"], workingDirectory: "/app" }],
  ["relative, upwards", { command: ["../server"], workingDirectory: "/app" }],
  ["unclean", { command: ["//app/./../app//server"] }],
  ["through a symbolic link", { command: ["/to-server"] }],
  ["as another user", { command: ["/server"], user: 1000 }],
  ["without /proc", { command: ["/server"], withoutProc: true }],
] as const)("named %s", async ([, start]) => {
  expect(await read("/secret", { ...start, command: [...start.command], profile: "nothing" })).toBe("EACCES");
});

test("a command on another mount starts, one on a mount without programs does not", async () => {
  const start = { profile: "nothing", command: ["/data/server"] };
  const mounts = ["-t tmpfs tmpfs ROOT/data", `--bind ${root.at("/app")} ROOT/data`];
  expect(await read("/secret", { ...start, mounts })).toBe("EACCES");
  const refused = await read("/secret", { ...start, mounts: [...mounts, "-o remount,bind,noexec ROOT/data"] });
  expect(refused).toBe("126 COMMAND_NOT_EXECUTABLE");
});

test("what an exception closes stays closed, by its name and through a symbolic link", async () => {
  const refused = "126 COMMAND_NOT_EXECUTABLE";
  for (const command of ["/closed/server", "/to-closed", "/app/../closed/server"]) {
    expect(await read("/secret", { profile: "nothing", command: [command] }), command).toBe("EACCES");
    expect(await read("/secret", { profile: "closed", command: [command] }), command).toBe(refused);
    expect(await read("/secret", { profile: "nothing", options: ["--except", "/closed"], command: [command] })).toBe(
      refused,
    );
  }
  for (const command of ["/server", "/to-server"]) {
    expect(await read("/secret", { profile: "server-closed", command: [command] }), command).toBe(refused);
  }
});

test("neither its interpreter nor what lies beside it is granted", async () => {
  root.file("/script", "#!/server read\n", { mode: 0o755 });
  expect(await read("/secret", { profile: "nothing", command: ["/script"] })).toBe("126 COMMAND_NOT_EXECUTABLE");
  expect(await read("/closed/server", { profile: "nothing", command: ["/server"] })).toBe("EACCES");
});

test("what an image puts into /dev is no command of its own", async () => {
  copyFileSync(root.at("/server"), root.at("/dev/server"));
  expect(await read("/secret", { profile: "nothing", command: ["/dev/server"] })).toBe("126 COMMAND_NOT_EXECUTABLE");
});

test("the launcher is not granted as a command beyond being executed", async () => {
  const { stdout } = await root.run({ profile: "nothing", command: ["/nono/nono", "--version"] });
  expect(stdout).toMatch(/^nono /);
});
