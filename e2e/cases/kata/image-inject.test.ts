import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeKataImage, partitionsOf, policyFiles, rootfsOffset, writeAt } from "../../kata/image.ts";
import { run } from "../../stack/command.ts";
import { checkout } from "../../stack/directories.ts";

// `kubefence kata image inject` on images with the partitions of Kata's, looked at with e2fsprogs and veritysetup.

const main = join(checkout, "packages/cli/src/main.ts");
const policy = "package agent_policy\n\ndefault ExecProcessRequest := false\n";
const policyPath = "/etc/kata-opa/default-policy.rego";
const rootMegabytes = 16;

let directory: string;
let stock: string;
let measured: string;
let parameters: string | undefined;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-kata-image-"));
  const files = { ...policyFiles, "/sbin/init": { text: "#!/bin/sh\n" } };
  stock = join(directory, "stock.image");
  await makeKataImage(stock, { files, rootMegabytes });
  measured = join(directory, "measured.image");
  parameters = await makeKataImage(measured, { files, rootMegabytes, measured: true });
  writeFileSync(join(directory, "policy.rego"), policy);
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs it as a user would. */
async function inject(image: string, ...args: string[]): Promise<Result> {
  const command = [main, "kata", "image", "inject", image, ...args];
  return promisify(execFile)(process.execPath, command, { cwd: directory }).then(
    ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ ...error, status: error.code }),
  );
}

/** A fresh copy of an image, in a directory of its own. */
function copyOf(image: string): string {
  const own = mkdtempSync(join(directory, "case-"));
  const copy = join(own, "guest.image");
  copyFileSync(image, copy);
  return copy;
}

const debugfs = (image: string, request: string): Promise<string> =>
  run("debugfs", ["-R", request, `${image}?offset=${rootfsOffset}`]);

describe("an image of one partition", () => {
  test("gets the policy in place of the link, and nothing else changes", async () => {
    const output = join(directory, "with-policy.image");
    const before = readFileSync(stock);
    const result = await inject(stock, "--output", output, "--policy", "policy.rego");
    expect(result).toMatchObject({ status: 0, stderr: "" });
    expect(await debugfs(output, `cat ${policyPath}`)).toBe(policy);
    expect(await debugfs(output, `stat ${policyPath}`)).toMatch(/Type: regular +Mode: +0644[^]*User: +0 +Group: +0 /);
    expect(await debugfs(output, "cat /etc/kata-opa/allow-all.rego")).toContain("AllowRequestsFailingPolicy");
    await run("e2fsck", ["-fn", `${output}?offset=${rootfsOffset}`]);
    const after = readFileSync(output);
    expect(after.subarray(0, rootfsOffset).equals(before.subarray(0, rootfsOffset)), "tables and DAX header").toBe(
      true,
    );
    expect(after.length).toBe(before.length);
    expect(readFileSync(stock).equals(before), "the image that was read").toBe(true);
    expect(result.stdout).toContain(`${output}: sha256 ${(await run("sha256sum", [output])).slice(0, 64)}`);
  });

  test("may be replaced itself, and takes any file, with the directories it needs", async () => {
    const image = copyOf(stock);
    writeFileSync(join(directory, "launcher"), randomBytes(300_000));
    const args = ["--nono", "launcher", "--file", "policy.rego:/srv/new/place/file", "--json"];
    const result = await inject(image, "-o", image, ...args);
    expect(result.stderr).toBe("");
    expect(JSON.parse(result.stdout)).toMatchObject({
      output: image,
      verity: "none",
      files: [
        { path: "/nono/nono", size: 300_000 },
        { path: "/srv/new/place/file", size: policy.length },
      ],
    });
    expect(await debugfs(image, "stat /nono/nono")).toMatch(/Mode: +0755/);
    expect(await debugfs(image, "stat /srv/new")).toMatch(/Type: directory +Mode: +0755/);
    expect(await debugfs(image, `stat ${policyPath}`)).toMatch(/Type: symlink/);
  });

  test("put in twice, it is what it was", async () => {
    const image = copyOf(stock);
    for (const _ of [1, 2]) expect((await inject(image, "-o", image, "--policy", "policy.rego")).status).toBe(0);
    expect(await debugfs(image, `cat ${policyPath}`)).toBe(policy);
  });
});

describe("a measured image", () => {
  test("gets a new hash tree, which veritysetup takes", async () => {
    const image = copyOf(measured);
    const flags = ["--policy", "policy.rego", "--kernel-verity-params", parameters ?? ""];
    const { stdout, stderr } = await inject(image, "-o", image, ...flags);
    expect(stderr).toBe("");
    const [, text = "", rootHash = "", salt = ""] =
      /^kernel_verity_params = "(root_hash=([0-9a-f]{64}),salt=([0-9a-f]+),.*)"$/m.exec(stdout) ?? [];
    expect(text.replace(rootHash, "")).toBe(parameters?.replace(/[0-9a-f]{64}/, ""));
    const partitions = partitionsOf(image, rootMegabytes);
    const verify = ["verify", "--no-superblock", "--salt", salt, ...partitions];
    await run("veritysetup", [...verify, rootHash]);
    const old = /root_hash=(\w+)/.exec(parameters ?? "")?.[1] ?? "";
    await expect(run("veritysetup", [...verify, old])).rejects.toThrow("veritysetup");
  });

  test("without its parameters: a warning", async () => {
    const image = copyOf(measured);
    const { status, stderr } = await inject(image, "-o", image, "--policy", "policy.rego");
    expect(status).toBe(0);
    expect(stderr).toMatch(/^warning: .*no longer fit: leave kernel_verity_params empty/);
  });

  test("with those of another image: refused", async () => {
    const other = parameters?.replace(/root_hash=../, "root_hash=00") ?? "";
    expect(await attempt(measured, "--kernel-verity-params", other)).toMatchObject(
      refusal("KF_KATA_IMAGE_VERITY", "root_hash is 00"),
    );
    expect(await attempt(stock, "--kernel-verity-params", parameters ?? "")).toMatchObject(
      refusal("KF_KATA_IMAGE_VERITY", "no second partition"),
    );
  });
});

/** What became of a run that should be refused, on a copy of `source` that it is to replace. */
async function attempt(source: string, ...flags: string[]): Promise<Result & { changed: boolean; beside: string[] }> {
  const image = copyOf(source);
  const before = readFileSync(image);
  const result = await inject(image, "-o", image, "--policy", "policy.rego", ...flags);
  return { ...result, changed: !readFileSync(image).equals(before), beside: readdirSync(join(image, "..")) };
}

/** The one line that it says, and an image that is what it was, with no scratch files beside it. */
function refusal(code: string, what: string): object {
  const stderr = expect.stringMatching(new RegExp(`^kubefence: ${code}: [^\n]*${what}[^\n]*\n$`)) as unknown;
  return { status: 1, stdout: "", stderr, changed: false, beside: ["guest.image"] };
}

describe("refused, with the old image left alone", () => {
  test("what does not fit, although debugfs says that all is well", async () => {
    writeFileSync(join(directory, "large"), randomBytes(20 * 1024 * 1024));
    expect(await attempt(stock, "--file", "large:/large")).toMatchObject(
      refusal("KF_KATA_IMAGE_WRITE", "/large does not read back"),
    );
  });

  test("an image without a policy: its agent would not read ours", async () => {
    const image = join(directory, "plain.image");
    await makeKataImage(image, { files: { "/sbin/init": { text: "" } }, rootMegabytes });
    expect(await attempt(image)).toMatchObject(refusal("KF_KATA_IMAGE_NO_POLICY", policyPath));
  });

  test.each([
    ["a directory in the way", "policy.rego:/etc/kata-opa", "no regular file"],
    ["a file where a directory should be", "policy.rego:/sbin/init/x", "no directory"],
    ["a relative path", "policy.rego:etc/x", "no plain absolute path"],
    ["a path that climbs", "policy.rego:/etc/../x", "no plain absolute path"],
    ["the same path twice", `policy.rego:${policyPath}`, "named twice"],
  ])("%s", async (_, file, what) => {
    expect(await attempt(stock, "--file", file)).toMatchObject(refusal("KF_KATA_IMAGE_PATH", what));
  });

  test("a damaged file system", async () => {
    const image = copyOf(stock);
    await run("debugfs", ["-w", "-R", "clri /sbin/init", `${image}?offset=${rootfsOffset}`]);
    expect(await attempt(image)).toMatchObject(refusal("KF_KATA_IMAGE_FILESYSTEM", "e2fsck found"));
  });

  test("a file system that was not unmounted", async () => {
    const image = copyOf(stock);
    await run("debugfs", ["-w", "-R", "feature +needs_recovery", `${image}?offset=${rootfsOffset}`]);
    expect(await attempt(image)).toMatchObject(refusal("KF_KATA_IMAGE_FILESYSTEM", ""));
  });

  test.each([
    ["erofs", 0x400, "e2e1f5e0"],
    ["none that is known", 0x438, "0000"],
  ])("a first partition that is %s", async (name, at, magic) => {
    const image = copyOf(stock);
    writeAt(image, rootfsOffset + 0x438, Buffer.alloc(2));
    writeAt(image, rootfsOffset + at, Buffer.from(magic, "hex"));
    expect(await attempt(image)).toMatchObject(refusal("KF_KATA_IMAGE_LAYOUT", `first partition is ${name}`));
  });

  test("what is no disk image, or half of one", async () => {
    const image = copyOf(stock);
    writeFileSync(image, "not an image");
    expect(await attempt(image)).toMatchObject(refusal("KF_KATA_IMAGE_LAYOUT", "no partition table"));
    writeFileSync(image, readFileSync(stock).subarray(0, 5_000_000));
    expect(await attempt(image)).toMatchObject(refusal("KF_KATA_IMAGE_LAYOUT", "cut off"));
  });

  test("an output that is a link, and an image that is not there", async () => {
    const image = copyOf(stock);
    symlinkSync("guest.image", `${image}.link`);
    const link = await inject(image, "-o", `${image}.link`, "--policy", "policy.rego");
    expect(link.stderr).toMatch(/KF_KATA_IMAGE_WRITE: .* no regular file/);
    const missing = await inject("missing", "-o", image, "--policy", "policy.rego");
    expect(missing.stderr).toMatch(/KF_KATA_IMAGE_READ: missing: /);
    mkdirSync(`${image}.directory`);
    expect((await inject(image, "-o", `${image}.directory`, "--policy", "policy.rego")).status).toBe(1);
  });
});

test("killed at any moment, it leaves the old image or the whole new one", async () => {
  const image = copyOf(stock);
  const old = readFileSync(image);
  const seen: string[] = [];
  for (let delayMs = 100; delayMs <= 1600; delayMs += 300) {
    copyFileSync(stock, image);
    const process_ = spawn(
      process.execPath,
      [main, "kata", "image", "inject", image, "-o", image, "--policy", "policy.rego"],
      {
        cwd: directory,
        detached: true,
        stdio: "ignore",
      },
    );
    const ended = new Promise((resolve) => process_.once("close", resolve));
    await setTimeout(delayMs);
    // The group: programs that it started must not go on without it.
    if (process_.exitCode === null && process_.pid !== undefined) process.kill(-process_.pid, "SIGKILL");
    await ended;
    const isOld = readFileSync(image).equals(old);
    const isNew = !isOld && (await debugfs(image, `cat ${policyPath}`)) === policy;
    seen.push(isOld ? "old" : isNew ? "new" : "broken");
  }
  expect(seen).toContain("old");
  expect(seen).not.toContain("broken");
});
