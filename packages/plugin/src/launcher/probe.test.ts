import * as fc from "fast-check";
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fakeLauncher, LauncherDirectory, PROBE_ANSWER } from "../testing/fake-launcher.ts";
import { parseProbe, probeLauncher } from "./probe.ts";

async function probe(launcher: Buffer, minimumAbi = 1): Promise<unknown> {
  using directory = new LauncherDirectory(launcher);
  return await probeLauncher(directory.nono, minimumAbi);
}

function answer(abi: number, deniedOpen: boolean): string {
  return `{"version":"0.1.0","landlock":{"abi":${abi},"errata":0,"denied_open":${deniedOpen}},"kernel":"5.15.0"}\n`;
}

describe("the launcher's self-test", () => {
  test("passes", async () => {
    expect(await probe(fakeLauncher())).toMatchObject({ abi: 7, version: "0.1.0", kernel: "6.18.0" });
  });

  test.each([
    [0, false],
    [7, false],
    [0, true],
  ])("Landlock that is off or inert (ABI %i, denied open %s) fails", async (abi, deniedOpen) => {
    expect(await probe(fakeLauncher(answer(abi, deniedOpen), 1))).toMatchObject({
      code: "LANDLOCK_OFF",
      what: expect.stringContaining("5.15.0"),
    });
    expect(await probe(fakeLauncher(answer(abi, deniedOpen), 0))).toMatchObject({ code: "LANDLOCK_OFF" });
  });

  test("an ABI below min_landlock_abi fails", async () => {
    expect(await probe(fakeLauncher(answer(3, true)), 4)).toMatchObject({
      code: "LANDLOCK_ABI_TOO_LOW",
      what: expect.stringMatching(/ABI 3.*min_landlock_abi is 4/),
    });
    expect(await probe(fakeLauncher(answer(4, true)), 4)).toMatchObject({ abi: 4 });
  });

  test("an answer that contradicts the exit code fails", async () => {
    expect(await probe(fakeLauncher(PROBE_ANSWER, 3))).toMatchObject({
      code: "LAUNCHER_PROBE_FAILED",
      what: expect.stringContaining("exit 3"),
    });
  });

  test("a program that is not our launcher fails: upstream nono knows no --probe", async () => {
    expect(await probe(fakeLauncher("nono 0.81.0\n", 2))).toMatchObject({
      code: "LAUNCHER_PROBE_FAILED",
      what: expect.stringContaining("did not answer as our launcher does (exit 2"),
      action: expect.stringContaining("--probe on the node"),
    });
  });

  test("a program that cannot run fails, and its complaint is shown", async () => {
    expect(await probe(Buffer.from("neither ELF nor script"))).toMatchObject({ code: "LAUNCHER_PROBE_FAILED" });
    using directory = new LauncherDirectory();
    writeFileSync(directory.nono, "#!/bin/sh\necho first >&2; echo second >&2; exit 125\n", { mode: 0o755 });
    expect(await probeLauncher(directory.nono, 1)).toMatchObject({
      what: expect.stringContaining("(exit 125: first)"),
    });
  });

  test("one that hangs is killed", async () => {
    using directory = new LauncherDirectory();
    writeFileSync(directory.nono, "#!/bin/sh\nexec sleep 60\n", { mode: 0o755 });
    expect(await probeLauncher(directory.nono, 1, 50)).toMatchObject({
      what: expect.stringContaining("no answer in time"),
    });
  });

  test("nothing of the plugin's environment reaches it", async () => {
    using directory = new LauncherDirectory();
    writeFileSync(directory.nono, '#!/bin/sh\n[ -z "$HOME$NODE_OPTIONS$PWD_OF_TEST" ] && echo clean >&2\nexit 1\n', {
      mode: 0o755,
    });
    process.env["PWD_OF_TEST"] = "set";
    expect(await probeLauncher(directory.nono, 1)).toMatchObject({ what: expect.stringContaining("clean") });
  });
});

test("property: no output makes parsing throw, and only the whole shape is an answer", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(parseProbe(text)).toBeUndefined();
    }),
  );
  expect(parseProbe(PROBE_ANSWER)).toBeDefined();
  for (const member of ["version", "kernel", "landlock", "abi", "errata", "denied_open"]) {
    expect(parseProbe(PROBE_ANSWER.replace(`"${member}"`, '"other"'))).toBeUndefined();
  }
});
