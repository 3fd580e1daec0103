import { chmodSync, chownSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";
import type { Pod } from "../stack/kubelet/pod.ts";

// A container that cannot be sandboxed is refused, and the error that the kubelet gets says what, why and what to do.

const test = testWithPlugin({
  allowed_profiles: { "*": ["default", "strict"], team: ["default", "workspace", "no-such-profile"] },
  invalid_profile: "refuse",
});

const create = (pod: Pod): Promise<unknown> =>
  pod.createContainer({ name: "main", image: images.busybox, command: ["true"] });

// The plugin looks again when something changes, or every few seconds.
const polling = { timeout: 20_000, interval: 200 };

let attempts = 0;
const attemptsIn = (pod: Pod) => async (): Promise<string> => {
  try {
    await pod.createContainer({ name: `attempt-${++attempts}`, image: images.busybox, command: ["true"] });
    return "created";
  } catch (error) {
    return String(error);
  }
};

test("a profile that is not installed", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({ namespace: "team", annotations: { "nono.sh/profile": "no-such-profile" } });
  await expect(create(pod)).rejects.toThrow(
    /PROFILE_NOT_INSTALLED: profile "no-such-profile" is not installed on this node; use one of default, workspace in the annotation/,
  );
});

test("a profile that the namespace may not use", async ({ runSandboxedPod }) => {
  const annotations = { "nono.sh/profile": "workspace" };
  await expect(create(await runSandboxedPod({ annotations }))).rejects.toThrow(
    /PROFILE_NOT_ALLOWED: namespace "default" may not use profile "workspace"; use one of default, strict in the annotation/,
  );
  await create(await runSandboxedPod({ annotations, namespace: "team" }));
});

test("an annotation that is no profile name, where the operator wants it refused", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({ annotations: { "nono.sh/profile": "-rf /" } });
  await expect(create(pod)).rejects.toThrow(/PROFILE_NAME_INVALID: .*-rf \//);
});

test("a refusal leaves a log record and no state", async ({ plugin, runSandboxedPod }) => {
  const pod = await runSandboxedPod({
    name: "refused-pod",
    namespace: "team",
    annotations: { "nono.sh/profile": "no-such-profile" },
  });
  await expect(create(pod)).rejects.toThrow(/PROFILE_NOT_INSTALLED/);
  expect(await plugin.log.find({ decision: "refuse", pod: "refused-pod" })).toMatchObject({
    reason: "PROFILE_NOT_INSTALLED",
    namespace: "team",
    profile: "no-such-profile",
    runtime_handler: "nono-runc",
  });
  await expect.poll(() => plugin.records(pod.uid)).toEqual([]);
});

test("a launcher that goes away or is no longer root's alone, until it is right again", async ({
  node,
  plugin,
  runSandboxedPod,
}) => {
  const { launcher } = node.directories;
  const program = join(launcher, "nono");
  const pod = await runSandboxedPod({});
  const attempt = attemptsIn(pod);
  const becomes = (pattern: RegExp): Promise<void> => expect.poll(attempt, polling).toMatch(pattern);

  renameSync(program, `${program}.away`);
  await becomes(/LAUNCHER_MISSING/);
  renameSync(`${program}.away`, program);
  await becomes(/^created$/);

  chmodSync(launcher, 0o777);
  await becomes(/LAUNCHER_WRITABLE/);
  chmodSync(launcher, 0o755);
  await becomes(/^created$/);

  chownSync(program, 1000, 1000);
  await becomes(/LAUNCHER_OWNER/);
  chownSync(program, 0, 0);
  await becomes(/^created$/);
  expect(plugin.pid).toBeDefined();
});

test("a profile is usable as soon as it is installed, and no longer when it is broken", async ({
  node,
  runSandboxedPod,
}) => {
  const file = join(node.directories.launcher, "profiles/no-such-profile.json");
  const install = (content: string): void => {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  };
  const pod = await runSandboxedPod({ namespace: "team", annotations: { "nono.sh/profile": "no-such-profile" } });
  await expect.poll(attemptsIn(pod), polling).toMatch(/PROFILE_NOT_INSTALLED/);
  install(readFileSync(join(node.directories.launcher, "profiles/default.json"), "utf8"));
  await expect.poll(attemptsIn(pod), polling).toBe("created");
  install("{");
  await expect.poll(attemptsIn(pod), polling).toMatch(/PROFILE_BROKEN/);
  rmSync(file);
  await expect.poll(attemptsIn(pod), polling).toMatch(/PROFILE_NOT_INSTALLED/);
});

test("pods of other handlers are not refused", async ({ runPod }) => {
  await create(await runPod({ annotations: { "nono.sh/profile": "no-such-profile" } }));
});
