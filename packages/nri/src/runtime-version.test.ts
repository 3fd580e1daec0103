import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeRuntime, isAtLeast, knownEvents, parseVersion } from "./runtime-version.ts";
import { ConfigureRequest, writeConfigureRequest } from "./schema/generated/nri/service.ts";
import { decode } from "./schema/view.ts";
import { encode } from "./schema/write.ts";

function nriOf(runtimeName: string, runtimeVersion: string, nriVersion = ""): string {
  const request = encode(writeConfigureRequest, { runtimeName, runtimeVersion, nriVersion });
  return describeRuntime(decode(ConfigureRequest, request)).nriVersion.join(".");
}

describe("parseVersion", () => {
  test.each([
    ["v2.3.4", [2, 3, 4]],
    ["2.2.1-0ubuntu1~24.04.2", [2, 2, 1]],
    ["2.3.4+unknown", [2, 3, 4]],
    ["1.34.0", [1, 34, 0]],
    ["v2.4.0-beta.0", [2, 4, 0]],
    ["1.34", [1, 34, 0]],
    ["(devel)", undefined],
    ["unknown", undefined],
    ["", undefined],
  ])("%s", (text, version) => {
    expect(parseVersion(text)).toEqual(version);
  });

  test("any text gives a version or undefined", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^v?[0-9.+-]*$/));
    fc.assert(
      fc.property(text, (any) => {
        expect(parseVersion(any)?.length ?? 3).toBe(3);
      }),
    );
  });
});

describe("describeRuntime", () => {
  test.each([
    ["containerd", "1.7.3", "0.3.0"],
    ["containerd", "1.7.13", "0.4.0"],
    ["containerd", "1.7.15", "0.6.0"],
    ["containerd", "1.7.25", "0.6.1"],
    ["containerd", "1.7.26", "0.8.0"],
    ["containerd", "v2.1.4", "0.8.0"],
    ["containerd", "v2.2.0", "0.10.0"],
    ["containerd", "2.2.1-0ubuntu1~24.04.2", "0.11.0"],
    ["containerd", "v2.3.4", "0.12.0"],
    ["containerd", "v3.0.0", "0.12.1"],
    ["cri-o", "1.26.1", "0.2.0"],
    ["cri-o", "1.28.0", "0.3.0"],
    ["cri-o", "1.29.1", "0.5.0"],
    ["cri-o", "1.30.0", "0.6.0"],
    ["cri-o", "1.33.0", "0.9.1"],
    ["CRI-O", "1.34.2", "0.10.0"],
    ["cri-o", "1.36.0", "0.11.0"],
    ["containerd", "1.6.0", "0.2.0"],
    ["other", "9.9.9", "0.2.0"],
    ["containerd", "garbage", "0.2.0"],
  ])("%s %s is inferred to have NRI %s", (name, version, nri) => {
    expect(nriOf(name, version)).toBe(nri);
  });

  test("what the runtime says wins, unless it says nothing useful", () => {
    expect(nriOf("containerd", "v2.2.0", "v0.12.5")).toBe("0.12.5");
    expect(nriOf("containerd", "v2.2.0", "(devel)")).toBe("0.10.0");
  });
});

test("knownEvents", () => {
  expect(knownEvents([0, 9, 0])).toBe(0x7ff);
  expect(knownEvents([0, 9, 1])).toBe(0x1fff);
  expect(knownEvents([0, 10, 0])).toBe(0x3fff);
});

function number([major, minor, patch]: [number, number, number]): number {
  return major * 1e6 + minor * 1e3 + patch;
}

test("isAtLeast compares numbers from left to right", () => {
  const part = fc.nat(20);
  fc.assert(
    fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (a, b) => {
      expect(isAtLeast(a, b)).toBe(number(a) >= number(b));
    }),
  );
});
