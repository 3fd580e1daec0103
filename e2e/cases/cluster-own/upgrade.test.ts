import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import { upgradeChart } from "../../stack/cluster/chart.ts";
import { createPodsDuring } from "../../stack/cluster/pod-stream.ts";
import { containerId, execute, type ClusterUnderTest, podObject } from "../../stack/cluster/under-test.ts";

// Pods are created all the time while the plugin or the runtime is replaced. Each ends well only if it is confined: one that
// is not sleeps for ever. A refusal on the way is no failure, the kubelet tries again.

const label = { "kubefence.test": "stream" };
const confined = "if touch /usr/bin/planted 2>/dev/null; then exec sleep infinity; fi";

// More than that a small machine does not start in a minute; the kubelet works off what waits all through an upgrade.
const most = 120;

async function allConfined(cluster: ClusterUnderTest, during: () => Promise<void>): Promise<number> {
  const { kubectl, image } = cluster;
  const selector = "kubefence.test=stream";
  try {
    const names = await createPodsDuring(
      kubectl,
      200,
      (index) => {
        if (index >= most) return undefined;
        const container = { command: ["sh", "-c", confined] };
        const spec = { restartPolicy: "OnFailure", automountServiceAccountToken: false };
        const pod = podObject(image, { name: `stream-${index}`, runtimeClassName: "nono-runc", container });
        return {
          ...pod,
          metadata: { ...pod.metadata, labels: label },
          spec: { ...pod["spec"], ...spec },
        };
      },
      during,
    );
    const unfinished = async (): Promise<string[]> => {
      const pods = await kubectl.list("pods", selector);
      expect(pods).toHaveLength(names.length);
      return pods
        .filter((pod) => pod["status"].phase !== "Succeeded")
        .map(
          (pod) =>
            `${pod.metadata.name}: ${pod["status"].phase} ${JSON.stringify(pod["status"].containerStatuses?.[0]?.state)}`,
        );
    };
    await expect.poll(unfinished, { timeout: 400_000, interval: 2000 }).toEqual([]);
    return names.length;
  } finally {
    await kubectl.run(["delete", "pods", `--selector=${selector}`, "--grace-period=1"]);
  }
}

test(
  "the chart upgraded while a pod is created every 200 ms",
  { timeout: 600_000 },
  async ({ cluster, own, runPod }) => {
    const before = await runPod({ name: "upgrade-before", runtimeClassName: "nono-runc" });
    const created = await allConfined(cluster, () =>
      upgradeChart(own.kubectl, { podAnnotations: { "kubefence.test/upgraded": String(Date.now()) } }),
    );
    expect(created).toBeGreaterThan(10);
    console.log(`${created} pods were created during the upgrade`);
    expect(containerId(await own.kubectl.get("pod", "upgrade-before"))).toBe(containerId(before));
    expect((await execute(cluster, "upgrade-before", ["cat", "/etc/shadow"])).stderr).toContain("Permission denied");
  },
);

test("containerd restarted while a pod is created every 200 ms", { timeout: 600_000 }, async ({ cluster, own }) => {
  const created = await allConfined(cluster, async () => {
    for (const signal of ["TERM", "KILL"] as const) {
      await delay(3000);
      await own.machine.restartService("containerd", signal);
      await own.untilReady();
    }
    await delay(3000);
  });
  expect(created).toBeGreaterThan(30);
  console.log(`${created} pods were created during the restarts`);
});
