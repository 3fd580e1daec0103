import { expect } from "vitest";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import { containerId, ociConfiguration, podObject } from "../../stack/cluster/under-test.ts";

// As many pods as a kubelet takes by default.
const count = 110;

test(`${count} pods at once`, { timeout: 900_000 }, async ({ cluster: { image, kubectl }, own }) => {
  const pod = podObject(image, { name: "many", runtimeClassName: "nono-runc" });
  const labels = { "kubefence.test": "many" };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "many" },
    spec: {
      replicas: count,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: pod["spec"] },
    },
  };
  await kubectl.apply([deployment]);
  try {
    await kubectl.run(["rollout", "status", "deployment/many", "--timeout=800s"]);
    const pods = await kubectl.list("pods", "kubefence.test=many");
    expect(pods).toHaveLength(count);
    const launched = pods.filter((one) => ociConfiguration(own, containerId(one)).process.args[0] === "/nono/nono");
    expect(launched).toHaveLength(count);
    const restarts = pods.map((one) => one["status"].containerStatuses[0].restartCount);
    expect(restarts.filter((restarted) => restarted !== 0)).toEqual([]);
  } finally {
    await kubectl.run(["delete", "deployment", "many", "--cascade=foreground"]);
  }
});
