import { test as base, type TestAPI } from "vitest";
import type { Cluster } from "./stack/cluster/cluster.ts";
import type { KubernetesObject } from "./stack/cluster/kubectl.ts";
import { type ClusterUnderTest, clusterUnderTest, type PodInit, podObject } from "./stack/cluster/under-test.ts";

/** What a case on a cluster gets. */
export interface ClusterFixtures {
  cluster: ClusterUnderTest;
  /** Creates a pod that is deleted when the test ends, waits until it is ready, and returns it. */
  runPod: (init: PodInit) => Promise<KubernetesObject>;
  /** The same without waiting for anything. */
  createPod: (init: PodInit) => Promise<void>;
}

/** A test on a cluster with Kubefence. */
export const test: TestAPI<ClusterFixtures> = base.extend<ClusterFixtures>({
  cluster: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads the names of the fixtures needed from the parameter
    async ({}, use) => {
      await use(clusterUnderTest());
    },
    { scope: "file" },
  ],
  createPod: async ({ cluster }, use) => {
    const created: string[] = [];
    await use(async (init) => {
      // One that a killed run left would be taken for this one.
      await cluster.kubectl.deletePod(init.name);
      created.push(init.name);
      await cluster.kubectl.apply([podObject(cluster.image, init)]);
    });
    await Promise.all(created.map((name) => cluster.kubectl.deletePod(name)));
  },
  runPod: async ({ cluster, createPod }, use) => {
    await use(async (init) => {
      await createPod(init);
      try {
        await cluster.kubectl.wait(`pod/${init.name}`, "condition=Ready");
      } catch (error) {
        const { stdout } = await cluster.kubectl.attempt(["describe", "pod", init.name]);
        throw new Error(`${init.name} is not ready: ${stdout.split("\n").slice(-15).join("\n")}`, { cause: error });
      }
      return cluster.kubectl.get("pod", init.name);
    });
  },
});

/** A test that needs the harness's own node; skipped, and listed as such, on somebody's cluster. */
export const testOnOwnNode: TestAPI<ClusterFixtures & { own: Cluster }> = test.extend<{ own: Cluster }>({
  own: async ({ cluster, skip }, use) => {
    if (cluster.own === undefined) {
      skip("needs the harness's own node");
      return;
    }
    await use(cluster.own);
  },
});
