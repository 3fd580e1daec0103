import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkout } from "../stack/directories.ts";

// kata/kernel/check-options.sh, on configurations as Kconfig leaves them.

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-options-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function check(config: string, ...fragments: string[]): { status: number | null; lost: string[]; error: string } {
  const files = [config, ...fragments].map((text, index) => {
    const path = join(directory, String(index));
    writeFileSync(path, text);
    return path;
  });
  const { status, stdout, stderr } = spawnSync("sh", [join(checkout, "kata/kernel/check-options.sh"), ...files], {
    encoding: "utf8",
  });
  return { status, lost: stdout.split("\n").filter((line) => line !== ""), error: stderr };
}

const fragment = "# comment\n\nCONFIG_SECURITY=y\nCONFIG_SECURITY_LANDLOCK=y\n";
const good = `#
# Automatically generated file; DO NOT EDIT.
#
CONFIG_SECURITY=y
CONFIG_SECURITY_LANDLOCK=y
CONFIG_LSM="landlock,yama"
# CONFIG_DEBUG_INFO is not set
`;

describe("check-options.sh", () => {
  test("is content where everything is there", () => {
    expect(check(good, fragment)).toEqual({ status: 0, lost: [], error: "" });
  });

  test("names an option that was dropped, became a module, or has another value", () => {
    expect(check(good.replace("CONFIG_SECURITY_LANDLOCK=y\n", ""), fragment)).toMatchObject({
      status: 1,
      lost: ["CONFIG_SECURITY_LANDLOCK: wanted y, is not set"],
    });
    expect(
      check(good.replace("CONFIG_SECURITY_LANDLOCK=y", "# CONFIG_SECURITY_LANDLOCK is not set"), fragment),
    ).toMatchObject({
      lost: ["CONFIG_SECURITY_LANDLOCK: wanted y, is not set"],
    });
    expect(
      check(`${good}CONFIG_EXT4_FS=m\nCONFIG_HZ=250\n`, fragment, "CONFIG_EXT4_FS=y\nCONFIG_HZ=100\n"),
    ).toMatchObject({
      status: 1,
      lost: ["CONFIG_EXT4_FS: wanted y, is m", "CONFIG_HZ: wanted 100, is 250"],
    });
  });

  test("a longer name is another option", () => {
    const config = good.replace("CONFIG_SECURITY_LANDLOCK=y", "CONFIG_SECURITY_LANDLOCK_KUNIT_TEST=y");
    expect(check(config, fragment).lost).toEqual(["CONFIG_SECURITY_LANDLOCK: wanted y, is not set"]);
  });

  test("names an option that came back although it was to be off", () => {
    const off = "# CONFIG_DEBUG_INFO is not set\n";
    expect(check(good, fragment, off).status).toBe(0);
    expect(check(good.replace(off, "CONFIG_DEBUG_INFO=y\n"), fragment, off)).toMatchObject({
      status: 1,
      lost: ["CONFIG_DEBUG_INFO: wanted off, is y"],
    });
    expect(check(`${good}CONFIG_X=m\n`, "CONFIG_X=n\n").lost).toEqual(["CONFIG_X: wanted off, is m"]);
  });

  test.each([
    ['CONFIG_LSM="yama,landlock"', 'wanted landlock first, is "yama,landlock"'],
    ['CONFIG_LSM=""', 'wanted landlock first, is ""'],
    ['CONFIG_LSM="landlocked,yama"', 'wanted landlock first, is "landlocked,yama"'],
    ["# nothing", "wanted landlock first, is not set"],
  ])("wants landlock first: %s", (line, what) => {
    const { status, lost } = check(good.replace('CONFIG_LSM="landlock,yama"', line), fragment);
    expect({ status, lost }).toEqual({ status: 1, lost: [`CONFIG_LSM: ${what}`] });
  });

  test.each([
    ["a configuration that is none", "\u007fELF", fragment, "has no options"],
    ["an empty one", "", fragment, "has no options"],
    ["a fragment that asks for nothing", good, "# only a comment\n", "asks for nothing"],
    [
      "a fragment with a typing error",
      good,
      "CONFG_SECURITY_LANDLOCK=y\n",
      "no line of a fragment: CONFG_SECURITY_LANDLOCK=y",
    ],
  ])("does not take %s", (_, config, text, what) => {
    const { status, error } = check(config, text);
    expect(status).toBe(2);
    expect(error).toContain(what);
  });

  test("wants both files", () => {
    expect(check(good).status).toBe(2);
  });
});
