/** The program as a user runs it: output, exit codes, files. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { manifestsDirectory } from "../generator/repository.ts";
import { buildProgram, commandsOf } from "./program.ts";
import { run } from "./run.ts";

interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const home = process.cwd();
let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-run-"));
  process.chdir(directory);
});
afterEach(() => {
  process.chdir(home);
  rmSync(directory, { recursive: true });
});

async function kubefence(...args: string[]): Promise<Result> {
  const printed = { stdout: "", stderr: "" };
  const status = await run(args, {
    out: (text) => (printed.stdout += text),
    error: (text) => (printed.stderr += text),
  });
  return { status, ...printed };
}
const profile = (...args: string[]): Promise<Result> => kubefence("profile", ...args);
const put = (name: string, json: unknown): void => {
  writeFileSync(join(directory, name), typeof json === "string" ? json : JSON.stringify(json));
};
const builtin = (name: string): string => readFileSync(join(manifestsDirectory, `${name}.json`), "utf8");

describe("usage", () => {
  test("help goes to stdout with exit code 0", async () => {
    for (const args of [["--help"], ["profile", "--help"], ["profile", "compile", "--help"], ["help", "profile"]]) {
      expect(await kubefence(...args)).toMatchObject({
        status: 0,
        stderr: "",
        stdout: expect.stringContaining("Usage: kubefence"),
      });
    }
    expect(await kubefence("--version")).toEqual({ status: 0, stderr: "", stdout: "0.1.0\n" });
  });

  test.each([
    [[], "Usage: kubefence"],
    [["profile"], "Usage: kubefence profile"],
    [["profil"], "unknown command 'profil'"],
    [["profile", "show"], "missing required argument 'profile'"],
    [["profile", "show"], "kubefence profile show --help says more"],
    [["profile", "show", "--jsn", "default"], "unknown option '--jsn'"],
    [["profile", "list", "x"], "too many arguments"],
    [["profile", "check"], "missing required argument 'files'"],
    [["kata", "image", "inject", "x"], "required option '-o, --output <file>' not specified"],
    [["kata", "image", "inject", "x", "-o", "y"], "nothing to put in: use --policy, --nono or --file"],
    [["kata", "image", "inject", "x", "-o", "y", "--file", "z"], "--file z: must be FROM:TO"],
    [["profile", "compile"], "name a profile or a file, or use --builtin"],
    [["profile", "compile", "default", "strict"], "several profiles need --output DIR"],
    [["profile", "compile", "default", "default", "-o", "."], "two profiles are called default"],
    [["node"], "Usage: kubefence node"],
    [["node", "plan", "--config", "config.toml"], "--config config.toml: must be an absolute path"],
    [["node", "kata", "plan", "--qemu-config", "x"], "--qemu-config x: must be an absolute path"],
    [["node", "install", "--restart", "hup"], "Allowed choices are systemd, term, none"],
    [["node", "install", "--wait", "soon"], "--wait soon: must be seconds, more than 0 to 3600"],
    [["node", "kata", "install", "--wait", "0"], "--wait 0: must be seconds, more than 0 to 3600"],
    [["node", "check", "--until-ready", ""], "--until-ready : must be seconds, 0 to 3600"],
    [["node", "check", "--force"], "unknown option '--force'"],
  ])("%j ends with 2", async (args, message) => {
    expect(await kubefence(...args)).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining(message) });
  });
});

test("help is in one voice: no description begins with a capital or ends with a full stop, none of an empty default is empty", () => {
  const commands = commandsOf(buildProgram("0.0.0", () => undefined));
  expect(commands.length).toBeGreaterThan(15);
  const said = commands.flatMap((command) => [
    command.description(),
    ...command.options.map(({ description }) => description),
  ]);
  // Names are written as they are.
  expect(said.filter((text) => /^[A-Z](?!ata|RI|EMU)|[^.]\.$/.test(text))).toEqual([]);
  for (const command of commands) {
    expect(command.helpInformation()).toMatch(/-h, --help +print help$/m);
    expect(command.helpInformation()).not.toMatch(/\(default: (?:""|\[\])\)/);
  }
});

describe("compile", () => {
  test("one profile goes to stdout, byte for byte what is committed", async () => {
    expect(await profile("compile", "workspace")).toEqual({ status: 0, stdout: builtin("workspace"), stderr: "" });
  });

  test("--builtin writes all of them", async () => {
    const { status, stdout } = await profile("compile", "--builtin", "-o", ".");
    expect(status).toBe(0);
    expect(stdout.split("\n")).toContain("default.json");
    const files = readdirSync(directory).filter((name) => name !== "by-digest");
    expect(files.toSorted()).toEqual(readdirSync(manifestsDirectory).toSorted());
    expect(readFileSync(join(directory, "codex.json"), "utf8")).toBe(builtin("codex"));
  });

  test("warnings go to stderr, the manifest to stdout", async () => {
    put("wide.json", { filesystem: { read: ["/"] } });
    const { status, stdout, stderr } = await profile("compile", "wide.json");
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: "warning: wide: / is granted (read): everything but the exceptions\n",
    });
    expect(JSON.parse(stdout)).toMatchObject({ version: "0.1.0" });
  });

  test("when one of several is bad, none is written, and every problem is a line", async () => {
    mkdirSync(join(directory, "out"));
    put("good.json", { extends: "default" });
    put("bad.json", { filesystem: { read: ["x"] }, network: { allow_domain: ["example.com"] } });
    const { status, stdout, stderr } = await profile("compile", "good.json", "bad.json", "missing.json", "-o", "out");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr.split("\n")).toEqual([
      "kubefence: KF_PROFILE_PATH: bad.json: filesystem.read: x is not absolute; write $WORKDIR/x if the working directory is meant",
      expect.stringMatching(
        /^kubefence: KF_PROFILE_UNSUPPORTED: bad\.json: network\.allow_domain = .*; use a NetworkPolicy/,
      ),
      expect.stringMatching(/^kubefence: KF_PROFILE_READ: missing\.json: ENOENT/),
      "",
    ]);
    expect(readdirSync(join(directory, "out"))).toEqual([]);
  });

  test("a directory that does not exist", async () => {
    const { status, stderr } = await profile("compile", "default", "-o", "missing");
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^kubefence: KF_PROFILE_WRITE: missing: ENOENT.*; check the directory and its permissions\n$/,
    );
  });
});

describe("check", () => {
  test("says what a valid profile grants", async () => {
    put("p.json", { extends: "strict", filesystem: { write: ["/data"] }, network: { listen_port: [80] } });
    const { status, stdout, stderr } = await profile("check", "p.json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^p\.json: valid\n/);
    expect(stdout).toContain("Write\n  /data\n");
    expect(stdout).toContain("TCP connections to any port, listeners on only 80; needs Landlock ABI 4, Linux 6.7");
  });

  test("takes compiled manifests, too", async () => {
    put("m.json", builtin("default"));
    put("n.json", { version: "0.1.0", resources: {} });
    expect(await profile("check", "m.json")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("m.json  (manifest)"),
    });
    expect(await profile("check", "n.json")).toEqual({
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
  ])("%s ends with 1", async (text, message) => {
    put("p.json", text);
    expect(await profile("check", "p.json")).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining(message),
    });
  });
});

describe("list and show", () => {
  test("list says what is built in and what is installed", async () => {
    put("default.json", builtin("default"));
    put("strict.json", builtin("workspace"));
    put("mine.json", { version: "0.1.0" });
    put("broken.json", "{");
    const lines = (await profile("list", "--dir", ".")).stdout.split("\n");
    expect(lines[0]).toMatch(/^NAME +STATE +DESCRIPTION$/);
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^default +built-in, installed +An ordinary image/),
        expect.stringMatching(/^strict +installed, differs from built-in +A program/),
        expect.stringMatching(/^workspace +built-in, not installed +default, and/),
        expect.stringMatching(/^mine +installed$/),
        expect.stringMatching(/^broken +installed, unusable +KF_MANIFEST_SYNTAX: /),
      ]),
    );
    const rows: unknown = JSON.parse((await profile("list", "--json", "--dir", ".")).stdout);
    expect(rows).toContainEqual({
      name: "mine",
      builtin: false,
      installed: "mine.json",
      current: false,
      error: null,
      description: null,
    });
  });

  test("show takes the installed manifest before the built-in, and files", async () => {
    expect((await profile("show", "strict")).stdout).toMatch(/^strict {2}\(built-in\)\nA program/);
    put("strict.json", builtin("workspace"));
    expect((await profile("show", "strict", "--dir", ".", "--json")).stdout).toBe(builtin("workspace"));
    expect((await profile("show", "strict", "--dir", ".")).stdout).toMatch(/^strict {2}\(strict\.json\)\n/);
    expect((await profile("show", "strict", "--json")).stdout).toBe(builtin("strict"));
    put("p.json", { extends: "api-client" });
    expect((await profile("show", "p.json")).stdout).toContain("projected (service-account tokens)  read");
  });

  test.each([
    [["list", "--dir", "missing"], "KF_PROFILE_READ: missing: ENOENT"],
    [["show", "missing"], 'KF_PROFILE_NOT_FOUND: profile: there is no profile "missing"'],
    [["show", "./missing.json"], "KF_PROFILE_READ: ./missing.json: ENOENT"],
    [["show", "x", "--dir", "."], "KF_MANIFEST_INVALID: x.json: version is not 0.1.x"],
  ])("%j ends with 1", async (args, message) => {
    put("x.json", {});
    expect(await profile(...args)).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining(message) });
  });
});

test("check goes on after a file that is not valid", async () => {
  put("bad.json", "{");
  put("good.json", { extends: "default" });
  const { status, stdout, stderr } = await profile("check", "bad.json", "good.json");
  expect(status).toBe(1);
  expect(stdout).toMatch(/^good\.json: valid\n/);
  expect(stderr).toMatch(/^kubefence: KF_PROFILE_SYNTAX: bad\.json:1:2: .*\n$/);
});

describe("node", () => {
  test("a release that is none, and a plugin's configuration that is missing", async () => {
    const settings = join(directory, "plugin.toml");
    writeFileSync(
      settings,
      'runtime_classes = ["a"]\ndefault_profile = "default"\nnono_bin_path = "/opt/nono-nri/nono"\n',
    );
    expect(await kubefence("node", "plan", "--release", ".", "--plugin-config", settings)).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /^kubefence: KF_NODE_RELEASE: nono(?:-runc)?: ENOENT.*; name the directory of the release with --release\n$/,
      ),
    });
    expect(await kubefence("node", "check", "--plugin-config", "/missing.toml")).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining("KF_RUNTIME_SETTINGS: /missing.toml: "),
    });
  });
});
