import { describe, expect, test } from "vitest";
import { findDuplicateVariable, launcherPath } from "./environment.ts";

describe("PATH of the container", () => {
  const usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  test("/nono comes first", () => {
    expect(launcherPath(["HOME=/", "PATH=/app/bin:/bin"])).toBe("/nono:/app/bin:/bin");
  });

  test("without one, the usual directories follow", () => {
    expect(launcherPath(["HOME=/"])).toBe(`/nono:${usual}`);
  });

  test("A14: an empty one counts as absent, so that the working directory is not searched", () => {
    expect(launcherPath(["PATH="])).toBe(`/nono:${usual}`);
  });

  test.each(["/nono:/bin", "/nono"])("%j already begins with it and stays", (path) => {
    expect(launcherPath([`PATH=${path}`])).toBe(path);
  });

  test("a directory whose name only begins like it is another", () => {
    expect(launcherPath(["PATH=/nonono:/bin"])).toBe("/nono:/nonono:/bin");
  });
});

describe("A13: variables given twice", () => {
  test.each([
    ["PATH", ["PATH=/bin", "A=1", "PATH=/evil"]],
    ["NONO_PROFILE", ["NONO_PROFILE=a", "NONO_PROFILE=a"]],
  ])("%s twice is refused, naming it", (name, env) => {
    expect(findDuplicateVariable(env)).toMatchObject({ code: "ENV_DUPLICATE", what: expect.stringContaining(name) });
  });

  test("once each, and other variables twice, are fine", () => {
    expect(
      findDuplicateVariable(["PATH=/bin", "NONO_PROFILE=x", "A=1", "A=2", "PATH_INFO=x", "MYPATH=x"]),
    ).toBeUndefined();
  });
});
