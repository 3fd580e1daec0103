/** The program as a user runs it: output, exit codes, files. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { manifestsDirectory } from "../generator/repository.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-main-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function kubefence(...args: string[]): Result {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: directory, encoding: "utf8" });
  return { status, stdout, stderr };
}
const profile = (...args: string[]): Result => kubefence("profile", ...args);
const put = (name: string, json: unknown): void => {
  writeFileSync(join(directory, name), typeof json === "string" ? json : JSON.stringify(json));
};
const builtin = (name: string): string => readFileSync(join(manifestsDirectory, `${name}.json`), "utf8");

describe("usage", () => {
  test("help goes to stdout with exit code 0", () => {
    for (const args of [["--help"], ["profile", "--help"], ["profile", "compile", "--help"], ["help", "profile"]]) {
      expect(kubefence(...args)).toMatchObject({
        status: 0,
        stderr: "",
        stdout: expect.stringContaining("Usage: kubefence"),
      });
    }
    expect(kubefence("--version")).toEqual({ status: 0, stderr: "", stdout: "0.1.0\n" });
  });

  test.each([
    [[], "Usage: kubefence"],
    [["profile"], "Usage: kubefence profile"],
    [["profil"], "unknown command 'profil'"],
    [["profile", "show"], "missing required argument 'profile'"],
    [["profile", "show", "--jsn", "default"], "unknown option '--jsn'"],
    [["profile", "list", "x"], "too many arguments"],
    [["profile", "check"], "missing required argument 'files'"],
    [["profile", "compile"], "name a profile or a file, or use --builtin"],
    [["profile", "compile", "default", "strict"], "several profiles need --output DIR"],
    [["profile", "compile", "default", "default", "-o", "."], "two profiles are called default"],
  ])("%j ends with 2", (args, message) => {
    expect(kubefence(...args)).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining(message) });
  });
});

describe("compile", () => {
  test("one profile goes to stdout, byte for byte what is committed", () => {
    expect(profile("compile", "workspace")).toEqual({ status: 0, stdout: builtin("workspace"), stderr: "" });
  });

  test("--builtin writes all of them", () => {
    const { status, stdout } = profile("compile", "--builtin", "-o", ".");
    expect(status).toBe(0);
    expect(stdout.split("\n")).toContain("./default.json");
    expect(
      readdirSync(directory)
        .filter((name) => name !== "by-digest")
        .toSorted(),
    ).toEqual(readdirSync(manifestsDirectory).toSorted());
    expect(readFileSync(join(directory, "codex.json"), "utf8")).toBe(builtin("codex"));
  });

  test("warnings go to stderr, the manifest to stdout", () => {
    put("wide.json", { filesystem: { read: ["/"] } });
    const { status, stdout, stderr } = profile("compile", "wide.json");
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: "warning: wide: / is granted (read): everything but the exceptions\n",
    });
    expect(JSON.parse(stdout)).toMatchObject({ version: "0.1.0" });
  });

  test("when one of several is bad, none is written, and every problem is a line", () => {
    mkdirSync(join(directory, "out"));
    put("good.json", { extends: "default" });
    put("bad.json", { filesystem: { read: ["x"] }, network: { allow_domain: ["example.com"] } });
    const { status, stdout, stderr } = profile("compile", "good.json", "bad.json", "-o", "out");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr.split("\n")).toEqual([
      "kubefence: KF_PROFILE_PATH: bad.json: filesystem.read: x is not absolute; write $WORKDIR/x if the working directory is meant",
      expect.stringMatching(
        /^kubefence: KF_PROFILE_UNSUPPORTED: bad\.json: network\.allow_domain = .*; use a NetworkPolicy/,
      ),
      "",
    ]);
    expect(readdirSync(join(directory, "out"))).toEqual([]);
  });

  test("a directory that does not exist", () => {
    const { status, stderr } = profile("compile", "default", "-o", "missing");
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^kubefence: KF_PROFILE_WRITE: missing: ENOENT.*; check the directory and its permissions\n$/,
    );
  });
});

describe("check", () => {
  test("says what a valid profile grants", () => {
    put("p.json", { extends: "strict", filesystem: { write: ["/data"] }, network: { block: true } });
    const { status, stdout, stderr } = profile("check", "p.json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^p\.json: valid\n/);
    expect(stdout).toContain("Write\n  /data\n");
    expect(stdout).toContain("no TCP connection and no TCP listener; needs Landlock ABI 4, Linux 6.7");
  });

  test("takes compiled manifests, too", () => {
    put("m.json", builtin("default"));
    put("n.json", { version: "0.1.0", resources: {} });
    expect(profile("check", "m.json")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("m.json  (manifest)"),
    });
    expect(profile("check", "n.json")).toEqual({
      status: 1,
      stdout: "",
      stderr:
        "kubefence: KF_MANIFEST_UNSUPPORTED: n.json: resources: cannot be enforced by the launcher; remove the member, or compile the profile with kubefence profile compile\n",
    });
  });

  test.each([
    ['{"a": 1, "a": 2}', "KF_PROFILE_DUPLICATE_KEY: p.json:1:10"],
    ["nothing", "KF_PROFILE_SYNTAX: p.json:1:1"],
    [
      '{"extends": "nothing"}',
      'KF_PROFILE_NOT_FOUND: p.json: extends: there is no profile "nothing"; run kubefence profile list',
    ],
    [
      '{"filesystem": {"read": ["$SECRETS"]}}',
      "KF_PROFILE_VARIABLE: p.json: filesystem.read: $SECRETS has the unknown variable $SECRETS",
    ],
  ])("%s ends with 1", (text, message) => {
    put("p.json", text);
    expect(profile("check", "p.json")).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining(message),
    });
  });
});

describe("list and show", () => {
  test("list says what is built in and what is installed", () => {
    put("default.json", builtin("default"));
    put("strict.json", builtin("workspace"));
    put("mine.json", { version: "0.1.0" });
    put("broken.json", "{");
    const lines = profile("list", "--dir", ".").stdout.split("\n");
    expect(lines[0]).toMatch(/^NAME +STATE +DESCRIPTION$/);
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^default +built-in, installed +An ordinary image/),
        expect.stringMatching(/^strict +installed, differs from built-in +A program/),
        expect.stringMatching(/^workspace +built-in +default, and/),
        expect.stringMatching(/^mine +installed$/),
        expect.stringMatching(/^broken +installed, unusable +KF_MANIFEST_SYNTAX: /),
      ]),
    );
    const rows: unknown = JSON.parse(profile("list", "--json", "--dir", ".").stdout);
    expect(rows).toContainEqual({
      name: "mine",
      builtin: false,
      installed: "mine.json",
      current: false,
      error: null,
      description: null,
    });
  });

  test("show takes the installed manifest before the built-in, and files", () => {
    expect(profile("show", "strict").stdout).toMatch(/^strict {2}\(built-in\)\nA program/);
    put("strict.json", builtin("workspace"));
    expect(profile("show", "strict", "--dir", ".", "--json").stdout).toBe(builtin("workspace"));
    expect(profile("show", "strict", "--dir", ".").stdout).toMatch(/^strict {2}\(strict\.json\)\n/);
    expect(profile("show", "strict", "--json").stdout).toBe(builtin("strict"));
    put("p.json", { extends: "api-client" });
    expect(profile("show", "p.json").stdout).toContain("projected (service-account tokens)  read");
  });

  test.each([
    [["list", "--dir", "missing"], "KF_PROFILE_READ: missing: ENOENT"],
    [["show", "missing"], 'KF_PROFILE_NOT_FOUND: profile: there is no profile "missing"'],
    [["show", "./missing.json"], "KF_PROFILE_READ: ./missing.json: ENOENT"],
    [["show", "x", "--dir", "."], "KF_MANIFEST_INVALID: x.json: version is not 0.1.x"],
  ])("%j ends with 1", (args, message) => {
    put("x.json", {});
    expect(profile(...args)).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining(message) });
  });
});

test("a reader that closes the pipe is no failure", () => {
  const command = `"${process.execPath}" "${main}" profile list | head -n 1`;
  const { stdout, stderr } = spawnSync("bash", ["-c", command], { encoding: "utf8" });
  expect(stdout).toMatch(/^NAME/);
  expect(stderr).toBe("");
});
