import { Cluster } from "./stack/cluster/cluster.ts";
import { importPluginImage, installChart, prepareNode } from "./stack/cluster/installation.ts";
import { clusterName, clusterUnderTest, foreignKubeconfig, pluginSelector } from "./stack/cluster/under-test.ts";

/** vitest's global set-up: one cluster with the chart for all cases. Returns the tear-down. */
export async function setup(): Promise<() => Promise<void>> {
  if (foreignKubeconfig !== undefined) {
    const { kubectl, namespace } = clusterUnderTest();
    if ((await kubectl.list("pods", pluginSelector, namespace)).length === 0) {
      throw new Error(
        `the cluster of ${foreignKubeconfig} has no pod ${pluginSelector} in ${namespace}: install the chart first; KUBEFENCE_E2E_NAMESPACE names another namespace`,
      );
    }
    console.log(`cluster of ${foreignKubeconfig}: ${(await kubectl.run(["version"])).trim().split("\n").at(-1)}`);
    return () => Promise.resolve();
  }
  const started = Date.now();
  const cluster = await Cluster.start(clusterName);
  console.log(`cluster ${clusterName}: ready after ${Date.now() - started} ms; logs in ${cluster.directories.logs}`);
  try {
    await prepareNode(cluster);
    await importPluginImage(cluster);
    await installChart(cluster);
  } catch (error) {
    for (const args of [
      ["describe", "pods"],
      ["logs", "--selector=app.kubernetes.io/name=kubefence", "--all-containers", "--prefix"],
    ]) {
      const { stdout } = await cluster.kubectl.attempt([...args, "--namespace=kube-system"]);
      console.error(stdout.split("\n").slice(-30).join("\n"));
    }
    await cluster.stop();
    throw error;
  }
  return () => cluster.stop();
}
