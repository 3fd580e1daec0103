import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeRuntime } from "./runtime.ts";

describe("runtimes that ignore changes of the command", () => {
  test.each([
    ["containerd", "v2.1.5", ""],
    ["containerd", "1.7.34", ""],
    ["containerd", "2.0.10+unknown", ""],
    ["cri-o", "1.34.9", ""],
    ["cri-o", "1.9.0", ""],
    ["containerd", "v2.3.0", "v0.9.0"],
  ])("%s %s (NRI %j) is too old", (name, version, nri) => {
    const { refusal } = judgeRuntime(name, version, nri);
    expect(refusal?.code).toBe("RUNTIME_TOO_OLD");
    expect(refusal?.what).toContain(`${name} ${version}`);
    expect(refusal?.action).toMatch(/containerd 2\.2\.0 or later|CRI-O 1\.35\.0 or later/);
  });

  test.each([
    ["containerd", "v2.2.0", ""],
    ["containerd", "2.2.1-0ubuntu1~24.04.2", ""],
    ["containerd", "v2.3.4-k3s1", "v0.12.0"],
    ["containerd", "2.10.0+unknown", ""],
    ["cri-o", "1.35.0", ""],
    ["cri-o", "1.100", "v0.12.0"],
    ["containerd", "(devel)", "v0.12.0"],
    ["my-runtime", "0.1", "v0.10.0"],
  ])("%s %s (NRI %j) will do", (name, version, nri) => {
    expect(judgeRuntime(name, version, nri)).toMatchObject({ name, version, refusal: undefined });
  });

  test.each([
    ["", "", ""],
    ["containerd", "unknown", ""],
    ["my-runtime", "v2.2.0", ""],
    ["my-runtime", "v2.2.0", "(devel)"],
    ["my-runtime", "v2.2.0", "v0.9.0"],
    ["Containerd", "v2.2.0", ""],
  ])("%j %j (NRI %j) is not known, and refused", (name, version, nri) => {
    expect(judgeRuntime(name, version, nri).refusal?.code).toBe("RUNTIME_UNKNOWN");
  });
});

describe("what is said of a runtime that is not known", () => {
  test.each([
    ["", "", "", 'calls itself "", which is not known'],
    ["my-runtime", "v2.2.0", "", 'calls itself "my-runtime v2.2.0", which is not known'],
    ["my-runtime", "", "v0.9.0", 'calls itself "my-runtime" (NRI v0.9.0), which is not known'],
  ])("%j %j (NRI %j)", (name, version, nri, what) => {
    expect(judgeRuntime(name, version, nri).refusal?.what).toContain(what);
  });
});

test.each([
  ["v0.12.0", true],
  ["v0.13.1", true],
  ["v0.11.9", false],
  ["", false],
])("NRI %j takes a seccomp rule with an errno: %s", (nri, takes) => {
  for (const version of ["v2.3.0", "v1.0.0", "unknown"]) {
    expect(judgeRuntime("containerd", version, nri).takesSeccompErrno).toBe(takes);
  }
});

test("property: versions are compared as numbers, whatever follows them", () => {
  const part = fc.integer({ min: 0, max: 99_999 });
  fc.assert(
    fc.property(
      part,
      part,
      part,
      fc.constantFrom("", "+unknown", "-rc.1", "~1", ".9"),
      (major, minor, patch, suffix) => {
        const text = `${major}.${minor}.${patch}${suffix}`;
        const isOld = major < 2 || (major === 2 && minor < 2);
        expect(judgeRuntime("containerd", text, "").refusal !== undefined).toBe(isOld);
        expect(judgeRuntime("containerd", `v${text}`, "").refusal !== undefined).toBe(isOld);
      },
    ),
  );
});

test("property: no text makes it throw", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (name, version, nri) => {
      expect(judgeRuntime(name, version, nri)).toBeDefined();
    }),
  );
});
