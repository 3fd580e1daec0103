import { describe, expect, test } from "vitest";
import { containerInput } from "../testing/inputs.ts";
import { findDuplicateVariable, launcherPath } from "./environment.ts";

function withEnv(...env: readonly string[]): ReturnType<typeof containerInput> {
  return containerInput({ env });
}

describe("PATH of the container", () => {
  const usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  test("/nono comes first", () => {
    expect(launcherPath(withEnv("HOME=/", "PATH=/app/bin:/bin"))).toBe("/nono:/app/bin:/bin");
  });

  test("without one, the usual directories follow", () => {
    expect(launcherPath(withEnv("HOME=/"))).toBe(`/nono:${usual}`);
  });

  test("an empty one counts as absent, so that the working directory is not searched", () => {
    expect(launcherPath(withEnv("PATH="))).toBe(`/nono:${usual}`);
  });

  test.each(["/nono:/bin", "/nono"])("%j already begins with it and stays", (path) => {
    expect(launcherPath(withEnv(`PATH=${path}`))).toBe(path);
  });

  test("a directory whose name only begins like it is another", () => {
    expect(launcherPath(withEnv("PATH=/nonono:/bin"))).toBe("/nono:/nonono:/bin");
  });
});

describe("variables given twice", () => {
  test.each([
    ["PATH", ["PATH=/bin", "A=1", "PATH=/evil"]],
    ["NONO_PROFILE", ["NONO_PROFILE=a", "NONO_PROFILE=a"]],
  ])("%s twice is refused, naming it", (name, env) => {
    expect(findDuplicateVariable(withEnv(...env))).toMatchObject({
      code: "ENV_DUPLICATE",
      what: `the container's environment has ${name} more than once: the runtime would keep the last one, not the sandbox's`,
    });
  });

  test("once each, and other variables twice, are fine", () => {
    expect(
      findDuplicateVariable(withEnv("PATH=/bin", "NONO_PROFILE=x", "A=1", "A=2", "PATH_INFO=x", "MYPATH=x")),
    ).toBeUndefined();
  });
});
