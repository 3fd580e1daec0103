import { assert, nat, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeStockKernel, readKernelConfig, stockKernelHasLandlock } from "./kernel.ts";

describe("stockKernelHasLandlock", () => {
  test.each([
    ["3.20.0", false],
    ["3.28.0", false],
    ["3.31.9", false],
    ["3.32.0-rc0", false],
    ["3.32.0", true],
    ["v3.32.1\n", true],
    ["3.33.0-rc1", true],
    ["3.100.0", true],
    ["4.0.0", true],
    ["2.99.99", false],
    ["3.32", undefined],
    ["", undefined],
    ["latest", undefined],
    ["3.32.0 or so", undefined],
  ])("%j: %s", (version, expected) => {
    expect(stockKernelHasLandlock(version)).toBe(expected);
  });

  test("a higher minor version never loses it", () => {
    assert(
      property(nat(200), nat(200), (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((minor) => stockKernelHasLandlock(`3.${minor}.0`));
        expect(low === true && high === false).toBe(false);
      }),
    );
  });
});

const config = (lines: string): string => `#\n# Linux/x86 6.18.15 Kernel Configuration\n#\n${lines}\n`;
const good = config(
  'CONFIG_SECURITY_LANDLOCK=y\nCONFIG_LSM="landlock,lockdown,yama,bpf"\nCONFIG_AUDIT=y\nCONFIG_SECCOMP_FILTER=y',
);

describe("readKernelConfig", () => {
  test("Landlock needs the option and its place in CONFIG_LSM", () => {
    expect(readKernelConfig(good)).toEqual({ landlock: true, first: true, audit: true, seccompFilter: true });
    expect(readKernelConfig(good.replace("landlock,", ""))?.landlock).toBe(false);
    expect(
      readKernelConfig(good.replace("CONFIG_SECURITY_LANDLOCK=y", "# CONFIG_SECURITY_LANDLOCK is not set"))?.landlock,
    ).toBe(false);
    expect(readKernelConfig(config('CONFIG_SECURITY_LANDLOCK=y\nCONFIG_LSM=""'))?.landlock).toBe(false);
    expect(readKernelConfig(config('CONFIG_SECURITY_LANDLOCK=y\nCONFIG_LSM="notlandlock,yama"'))?.landlock).toBe(false);
  });

  test("its place is told", () => {
    expect(readKernelConfig(good.replace("landlock,lockdown", "lockdown,landlock"))).toMatchObject({
      landlock: true,
      first: false,
    });
  });

  test("a module is not built in, and CRLF does no harm", () => {
    expect(readKernelConfig(good.replace("CONFIG_AUDIT=y", "CONFIG_AUDIT=m"))?.audit).toBe(false);
    expect(readKernelConfig(good.replaceAll("\n", "\r\n"))).toEqual(readKernelConfig(good));
  });

  test("any text is read or is none", () => {
    expect(readKernelConfig("\u007fELF")).toBeUndefined();
    assert(property(string(), (text) => void readKernelConfig(text)));
  });
});

describe("judgeStockKernel", () => {
  test("the kernel's configuration is believed before the version", () => {
    expect(judgeStockKernel({ kataVersion: "3.28.0", configText: good }).landlock).toBe("in force");
    expect(judgeStockKernel({ kataVersion: "3.32.0", configText: config("CONFIG_AUDIT=y") }).landlock).toBe("lacking");
  });

  test("without a configuration the version decides", () => {
    expect(judgeStockKernel({ kataVersion: "3.32.0" }).landlock).toBe("in force");
    expect(judgeStockKernel({ kataVersion: "3.28.0", configText: "" })).toEqual({
      landlock: "lacking",
      because: "Kata 3.28.0 is older than 3.32.0",
    });
  });

  test("with neither it says so", () => {
    expect(judgeStockKernel({})).toEqual({
      landlock: "unknown",
      because: "its configuration was not found, and Kata's version is not known",
    });
    expect(judgeStockKernel({ kataVersion: "nightly" }).landlock).toBe("unknown");
  });
});
