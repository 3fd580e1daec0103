import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LauncherDirectory } from "../testing/fake-launcher.ts";
import { builtInProfiles } from "./generated/built-in.ts";
import { InstalledProfileReader } from "./installed.ts";

const ownUid = process.geteuid?.() ?? 0;
const manifest = { version: "0.1.0", kubefence: { volumes: "readwrite", exceptions: ["/etc/shadow"] } };

test("every manifest by its name; other files are none", async () => {
  using directory = new LauncherDirectory();
  directory.installProfile("workspace_-9", manifest);
  directory.installProfile("-bad-name", manifest);
  directory.installProfile(".hidden", manifest);
  writeFileSync(`${directory.profiles}/README`, "");
  mkdirSync(`${directory.profiles}/by-digest`);
  const profiles = await new InstalledProfileReader(directory.path, ownUid).read();
  expect([...profiles.keys()].toSorted()).toEqual(["default", "workspace_-9"]);
  expect(profiles.get("workspace_-9")).toMatchObject({ volumes: "readwrite", literalExceptions: ["/etc/shadow"] });
});

test("without the folder the profiles are those inside the launcher", async () => {
  using directory = new LauncherDirectory();
  rmSync(directory.profiles, { recursive: true });
  expect(await new InstalledProfileReader(directory.path, ownUid).read()).toEqual(builtInProfiles());
});

test("an empty folder has none, and a folder that is none neither", async () => {
  using directory = new LauncherDirectory();
  const reader = new InstalledProfileReader(directory.path, ownUid);
  rmSync(directory.profiles, { recursive: true });
  mkdirSync(directory.profiles);
  expect([...(await reader.read()).keys()]).toEqual([]);
  rmSync(directory.profiles, { recursive: true });
  writeFileSync(directory.profiles, "");
  expect([...(await reader.read()).keys()]).toEqual([]);
});

test("changes are seen at the next reading, and what did not change is not read again", async () => {
  using directory = new LauncherDirectory();
  const reader = new InstalledProfileReader(directory.path, ownUid);
  const first = await reader.read();
  directory.installProfile("new", manifest);
  const second = await reader.read();
  expect(second.get("default")).toBe(first.get("default"));
  expect(second.get("new")?.volumes).toBe("readwrite");
  directory.installProfile("new", { version: "0.1.0", kubefence: { volumes: "read", exceptions: [] } });
  rmSync(`${directory.profiles}/default.json`);
  const third = await reader.read();
  expect([...third.keys()]).toEqual(["new"]);
  expect(third.get("new")?.volumes).toBe("read");
});

describe("a manifest that could have been tampered with is not used", () => {
  test.each([
    ["writable by others", (path: string) => chmodSync(path, 0o666), "can be written by others"],
    [
      "a symlink",
      (path: string) => {
        rmSync(path);
        symlinkSync("/etc/hostname", path);
      },
      "is a symlink",
    ],
    [
      "a pipe",
      (path: string) => {
        rmSync(path);
        execFileSync("mkfifo", [path]);
      },
      "is not a regular file",
    ],
    ["too large", (path: string) => writeFileSync(path, " ".repeat(1024 * 1024 + 1)), "larger than 1 MiB"],
    ["no JSON", (path: string) => writeFileSync(path, "{"), "JSON"],
  ])("%s", async (_name, change, reason) => {
    using directory = new LauncherDirectory();
    change(`${directory.profiles}/default.json`);
    const profiles = await new InstalledProfileReader(directory.path, ownUid).read();
    expect(profiles.get("default")?.broken).toContain(reason);
  });

  test("but one larger than the usual is", async () => {
    using directory = new LauncherDirectory();
    directory.installProfile("default", JSON.stringify(manifest).padEnd(100_000));
    const profiles = await new InstalledProfileReader(directory.path, ownUid).read();
    expect(profiles.get("default")).toMatchObject({ broken: undefined, volumes: "readwrite" });
  });
});

test("a manifest that is closed to other users carries its barrier", async () => {
  using directory = new LauncherDirectory();
  chmodSync(`${directory.profiles}/default.json`, 0o600);
  const profiles = await new InstalledProfileReader(directory.path, ownUid).read();
  expect(profiles.get("default")).toMatchObject({ broken: undefined, barrier: { mode: 0o600, needed: 4 } });
});
