import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { bundle } from "./bundle.ts";
import { manifestsDirectory } from "./repository.ts";

// Each start of Node takes long where other work keeps the processors busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let directory = "";
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-bundle-"));
  await bundle(join(directory, "kubefence"));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const run = (...args: string[]): string => {
  const { stdout, stderr } = spawnSync(process.execPath, ["kubefence", ...args], { cwd: directory, encoding: "utf8" });
  return stdout + stderr;
};

test.each([undefined, "module", "commonjs"])("runs where the package.json above it says %s", (type) => {
  if (type !== undefined) writeFileSync(join(directory, "package.json"), JSON.stringify({ type }));
  expect(run("--version")).toBe("0.1.0\n");
  expect(run("profile", "compile", "workspace")).toBe(readFileSync(join(manifestsDirectory, "workspace.json"), "utf8"));
  expect(run("profile", "show", "nothing")).toContain("KF_PROFILE_NOT_FOUND");
});

test("a reader that closes the pipe is no failure", () => {
  const command = `"${process.execPath}" "${directory}/kubefence" profile list | head -n 1`;
  const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", command], { encoding: "utf8" });
  expect(stdout).toMatch(/^NAME/);
  expect(stderr).toBe("");
});

test.each([
  [0, ["--help"]],
  [1, ["profile", "show", "nothing"]],
  [2, ["profile", "shwo"]],
])("ends with %i for %j", (status, args) => {
  expect(spawnSync(process.execPath, [join(directory, "kubefence"), ...args]).status).toBe(status);
});
