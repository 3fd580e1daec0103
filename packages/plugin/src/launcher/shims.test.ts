import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inspectShims, SHIM_NAMES, SHIM_TARGET, shimSettings } from "./shims.ts";

const configuration = { defaultProfile: "default", seccompProfile: "" };
const uid = process.geteuid?.() ?? 0;
let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-shims-"));
  mkdirSync(join(directory, "shims"));
  write(SHIM_TARGET, "program", 0o755);
  write("shims/profile", "default\n", 0o644);
  chmodSync(join(directory, "shims"), 0o755);
  for (const name of SHIM_NAMES) symlinkSync(SHIM_TARGET, join(directory, name));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string, mode: number): void {
  writeFileSync(join(directory, name), content);
  chmodSync(join(directory, name), mode);
}

test("shims that fit the configuration pass", async () => {
  expect(await inspectShims(directory, configuration, uid)).toBeUndefined();
});

test("profile, and seccomp policy if there is one, a line each", () => {
  expect(shimSettings(configuration)).toBe("default\n");
  expect(shimSettings({ defaultProfile: "strict", seccompProfile: "restricted" })).toBe("strict\nrestricted\n");
});

describe("what does not fit is refused", () => {
  test.each<[string, () => void, string]>([
    ["no shims at all", () => rmSync(join(directory, "shims"), { recursive: true }), "ENOENT"],
    ["the original's script in a name's place", () => replace("sh", "#!/bin/sh"), "EINVAL"],
    ["a name that leads elsewhere", () => relink("perl", "/bin/perl"), "perl will not do"],
    ["a name that is missing", () => rmSync(join(directory, "node")), "ENOENT"],
    ["another default profile", () => write("shims/profile", "strict\n", 0o644), "and the configuration"],
    ["a program that is a link", () => relink(SHIM_TARGET, "/bin/sh"), "something else"],
    ["a program that others can change", () => chmodSync(join(directory, SHIM_TARGET), 0o757), "written by others"],
    ["a folder that others can change", () => chmodSync(join(directory, "shims"), 0o777), "written by others"],
    ["a folder closed to others", () => chmodSync(join(directory, "shims"), 0o750), "closed to some users"],
    ["a setting closed to others", () => chmodSync(join(directory, "shims/profile"), 0o600), "closed to some users"],
  ])("%s", async (_name, change, text) => {
    change();
    expect(await inspectShims(directory, configuration, uid)).toMatchObject({
      code: "SHIMS_UNUSABLE",
      what: expect.stringContaining(text),
    });
  });
});

function replace(name: string, content: string): void {
  rmSync(join(directory, name));
  write(name, content, 0o755);
}

function relink(name: string, target: string): void {
  rmSync(join(directory, name));
  symlinkSync(target, join(directory, name));
}
