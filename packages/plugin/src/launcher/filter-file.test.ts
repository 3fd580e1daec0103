import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { inspectFilterFile } from "./filter-file.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-filter-"));
  mkdirSync(join(directory, "seccomp"));
  chmodSync(join(directory, "seccomp"), 0o755);
  writeFileSync(join(directory, "seccomp/restricted.bpf"), "");
  chmodSync(join(directory, "seccomp/restricted.bpf"), 0o644);
});

afterEach(() => rmSync(directory, { recursive: true }));

async function problem(policy = "restricted"): Promise<string> {
  const refusal = await inspectFilterFile(directory, policy, process.geteuid?.() ?? 0);
  return refusal === undefined ? "" : `${refusal.code} ${refusal.what.replace(directory, "")}`;
}

test("a file that everybody can read will do", async () => {
  expect(await problem()).toBe("");
});

test("a policy without a file", async () => {
  expect(await problem("runtime-default")).toMatch(/^SECCOMP_FILTER_UNUSABLE \/seccomp\/runtime-default.bpf: ENOENT/);
});

test("no folder: the launcher has its own", async () => {
  rmSync(join(directory, "seccomp"), { recursive: true });
  expect(await problem()).toBe("");
});

test("a symbolic link", async () => {
  symlinkSync("restricted.bpf", join(directory, "seccomp/link.bpf"));
  expect(await problem("link")).toBe("SECCOMP_FILTER_UNUSABLE /seccomp/link.bpf: it is no file");
});

test.each([
  ["", 0o700, /^SECCOMP_FILTER_UNUSABLE \/seccomp: it is closed to some users \(mode 0700\)$/],
  ["/restricted.bpf", 0o640, /^SECCOMP_FILTER_UNUSABLE \/seccomp\/restricted.bpf: it is closed/],
  ["/restricted.bpf", 0o666, /^SECCOMP_FILTER_UNUSABLE \/seccomp\/restricted.bpf can be written by others/],
])("seccomp%s with mode %o", async (path, mode, text) => {
  chmodSync(join(directory, `seccomp${path}`), mode);
  expect(await problem()).toMatch(text);
});
