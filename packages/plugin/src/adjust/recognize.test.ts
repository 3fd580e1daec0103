import { describe, expect, test } from "vitest";
import { openOtherLauncher } from "../policy/other-launcher.ts";
import { bindMount, configuration, containerInput } from "../testing/inputs.ts";
import { adjustmentFor, launcherMount } from "./adjustment.ts";
import { runsUnderLauncher } from "./recognize.ts";

const directory = "/opt/nono-nri";
const args = ["/nono/nono", "wrap", "--profile", "strict", "--rw", "/data", "--", "nginx"];
const volume = bindMount("/data", "/var/lib/data");

describe("a running container is ours", () => {
  test("if it was started with what we adjust", () => {
    const decision = {
      kind: "sandbox",
      profile: "strict",
      options: ["--ro", "/c"],
      ignoredAnnotation: undefined,
    } as const;
    const adjusted = adjustmentFor(decision, containerInput(), directory);
    const mounts = [volume, ...adjusted.mounts];
    expect(runsUnderLauncher({ args: adjusted.args, mounts }, directory)).toBe(true);
  });

  test.each([
    ["another program", ["/bin/nono", "wrap", "--profile", "strict", "--", "nginx"]],
    ["another verb, which starts no sandbox", ["/nono/nono", "--probe", "--profile", "strict"]],
    ["no profile after the verb", ["/nono/nono", "wrap", "--", "nginx", "--profile"]],
    ["its words later on the command line", ["sh", "-c", "/nono/nono", "wrap", "--profile"]],
    ["the program alone", ["/nono/nono"]],
    ["no command line", []],
  ])("not with %s", (_, other) => {
    expect(runsUnderLauncher({ args: other, mounts: [launcherMount(directory)] }, directory)).toBe(false);
  });
});

describe("the launcher that it sees is ours", () => {
  test.each([
    ["no mount: the program is the image's own", [volume]],
    ["another directory of the node", [bindMount("/nono", "/tmp/evil")]],
    ["another spelling, which the runtime compares as a string", [bindMount("/nono/", directory)]],
    ["our directory, but under /nono", [bindMount("/nono/nono", directory)]],
    ["a mount over it", [launcherMount(directory), bindMount("/nono/nono", "/tmp/evil")]],
    ["a mount under it", [bindMount("/", "/tmp/evil"), launcherMount(directory)]],
    ["the same mount twice", [launcherMount(directory), launcherMount(directory)]],
  ])("not with %s", (_, mounts) => {
    expect(runsUnderLauncher({ args, mounts }, directory)).toBe(false);
  });

  test("mounts elsewhere do not matter, whatever their order", () => {
    const nearby = bindMount("/nonono", "/tmp/x");
    expect(runsUnderLauncher({ args, mounts: [nearby, launcherMount(directory), volume] }, directory)).toBe(true);
  });
});

test("where another launcher is configured, ours is not taken for it, and its mount is looked at, too", () => {
  const nono = openOtherLauncher(configuration({ launcher: "nono" }));
  const nonoArgs = ["/nono/nono", "wrap", "--silent", "--profile", "/nono/profiles/strict.json", "--", "nginx"];
  const mounts = [launcherMount(directory)];
  expect(runsUnderLauncher({ args: nonoArgs, mounts }, directory, nono)).toBe(true);
  expect(runsUnderLauncher({ args, mounts }, directory, nono)).toBe(false);
  expect(runsUnderLauncher({ args: nonoArgs, mounts: [] }, directory, nono)).toBe(false);
});
