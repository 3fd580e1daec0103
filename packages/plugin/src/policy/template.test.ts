import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expand, findUnknownPlaceholder, fixedPart, takes } from "./template.ts";

const volumes = { readWrite: ["/data", "/cache"], readOnly: ["/config"] };

describe("a launcher's template", () => {
  test("an argument with a place for volumes is repeated for each", () => {
    expect(expand(["-ro", "/usr", "{ro}", "-rw", "{rw}", "--"], "web", volumes)).toEqual(
      "-ro /usr /config -rw /data /cache --".split(" "),
    );
    expect(expand(["--rw={rw}", "--profile={profile}"], "web", volumes)).toEqual([
      "--rw=/data",
      "--rw=/cache",
      "--profile=web",
    ]);
    expect(expand(["--grant={profile}:{rw}", "{ro}"], "web", volumes)).toEqual([
      "--grant=web:/data",
      "--grant=web:/cache",
      "/config",
    ]);
    expect(expand(["{rw}", "--ro={ro}", "--"], "web", { readWrite: [], readOnly: [] })).toEqual(["--"]);
  });

  test("what a path holds is not looked at again", () => {
    const path = fc.string().map((text) => `/${text}`);
    fc.assert(
      fc.property(fc.array(path), fc.array(path), (readWrite, readOnly) => {
        expect(expand(["{rw}", "|", "{ro}"], "web", { readWrite, readOnly })).toEqual([...readWrite, "|", ...readOnly]);
      }),
    );
    expect(expand(["{rw}"], "web", { readWrite: ["/{profile}", "/$&", "/{ro}"], readOnly: ["/x"] })).toEqual([
      "/{profile}",
      "/$&",
      "/{ro}",
    ]);
  });

  test("placeholders that mean nothing are found", () => {
    expect(findUnknownPlaceholder(["{profile}", "a{rw}", "{ro}"])).toBeUndefined();
    expect(findUnknownPlaceholder(["--x={workdir}"])).toBe("{workdir}");
    expect(findUnknownPlaceholder(["{}"])).toBe("{}");
  });

  test("the fixed part ends before the first placeholder", () => {
    expect(fixedPart(["wrap", "--profile", "/p/{profile}", "--"])).toEqual(["wrap", "--profile"]);
    expect(fixedPart(["-ro", "/usr"])).toEqual(["-ro", "/usr"]);
    expect([takes(["--rw={rw}"], "rw"), takes(["--rw={rw}"], "ro")]).toEqual([true, false]);
  });
});
