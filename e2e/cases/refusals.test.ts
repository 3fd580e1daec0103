import { chmodSync, chownSync, renameSync } from "node:fs";
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
  let attempts = 0;
  const attempt = async (): Promise<string> => {
    try {
      await pod.createContainer({ name: `attempt-${++attempts}`, image: images.busybox, command: ["true"] });
      return "created";
    } catch (error) {
      return String(error);
    }
  };
  const becomes = (pattern: RegExp): Promise<void> =>
    expect.poll(attempt, { timeout: 20_000, interval: 200 }).toMatch(pattern);

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

test("pods of other handlers are not refused", async ({ runPod }) => {
  await create(await runPod({ annotations: { "nono.sh/profile": "no-such-profile" } }));
});
