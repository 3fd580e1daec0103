import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "./bundle.ts";
import { manifestsDirectory } from "./repository.ts";

test("the bundle runs far from the repository and compiles the same bytes", async () => {
  const directory = mkdtempSync(join(tmpdir(), "kubefence-bundle-"));
  const program = join(directory, "kubefence");
  await bundle(program);
  const run = (...args: string[]): string => {
    const { stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: directory, encoding: "utf8" });
    return stdout + stderr;
  };
  expect(run("profile", "compile", "workspace")).toBe(readFileSync(join(manifestsDirectory, "workspace.json"), "utf8"));
  expect(run("--version")).toBe("0.1.0\n");
  rmSync(directory, { recursive: true });
});
