import { images } from "../images/recipes.ts";
import { namespacePath } from "../network.ts";
import { Cluster, programs } from "./cluster.ts";
import { importPluginImage, installChart, prepareNode } from "./installation.ts";

/** The cluster that `make cluster-up` leaves running. */
export const upClusterName = "cluster-up";

if (import.meta.main) {
  const started = Date.now();
  const cluster = await Cluster.start(upClusterName);
  const { directories } = cluster;
  try {
    await prepareNode(cluster);
    await importPluginImage(cluster);
    await installChart(cluster);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  const inside = `nsenter --net=${namespacePath(directories)}`;
  console.log(`
The cluster is up after ${Math.round((Date.now() - started) / 1000)} s, with Kubefence installed by the chart of this checkout.

  alias kubectl='${inside} ${programs().kubectl} --kubeconfig=${directories.kubeconfig}'
  kubectl get pods --all-namespaces
  kubectl run sandboxed --image=${images.busybox} --overrides='{"spec":{"runtimeClassName":"nono-runc"}}' -- sleep infinity
  kubectl exec sandboxed -- cat /etc/shadow

Tests on it: KUBEFENCE_E2E_IMAGE=${images.busybox} ${inside} make e2e KUBECONFIG=${directories.kubeconfig}
Logs of its services: ${directories.logs}
Stop it with: make cluster-down`);
}
