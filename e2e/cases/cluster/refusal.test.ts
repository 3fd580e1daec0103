import { expect } from "vitest";
import { test } from "../../cluster-fixtures.ts";

// A user sees in `kubectl describe pod` why the container does not start: the code, the reason, what to do.

const described = async (run: (args: string[]) => Promise<string>, pod: string): Promise<string> => {
  await expect.poll(() => run(["describe", "pod", pod]), { timeout: 60_000, interval: 1000 }).toContain("Failed");
  return run(["describe", "pod", pod]);
};

test("a profile that is not installed", async ({ cluster, createPod }) => {
  const { kubectl } = cluster;
  await createPod({ name: "refused-profile", runtimeClassName: "nono-runc", profile: "no-such-profile" });
  const text = await described((args) => kubectl.run(args), "refused-profile");
  expect(text).toMatch(
    /PROFILE_NOT_INSTALLED: profile "no-such-profile" is not installed on this node; use one of .*default.* or have it installed/,
  );
  const { status } = await kubectl.get("pod", "refused-profile");
  expect(status.containerStatuses).toMatchObject([{ started: false, ready: false }]);
});

test("a volume over the launcher", async ({ cluster, createPod }) => {
  const { kubectl } = cluster;
  await createPod({
    name: "refused-mount",
    runtimeClassName: "nono-runc",
    spec: { volumes: [{ name: "over", emptyDir: {} }] },
    container: { volumeMounts: [{ name: "over", mountPath: "/nono" }] },
  });
  const text = await described((args) => kubectl.run(args), "refused-mount");
  expect(text).toMatch(/[A-Z]+_[A-Z_]+: .*\/nono/);
});

test("a refused pod starts once the reason is gone", async ({ cluster, createPod }) => {
  const { kubectl } = cluster;
  await createPod({ name: "refused-first", runtimeClassName: "nono-runc", profile: "no-such-profile" });
  await described((args) => kubectl.run(args), "refused-first");
  await kubectl.deletePod("refused-first");
  await createPod({ name: "refused-first", runtimeClassName: "nono-runc", profile: "default" });
  await kubectl.wait("pod/refused-first", "condition=Ready");
});
