import { images } from "../images/recipes.ts";
import { namespacePath } from "../network.ts";
import { clientsDirectory } from "./clients.ts";
import { Cluster } from "./cluster.ts";
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
With this line kubectl and helm are its own, and ctr its node's:

  export PATH=${clientsDirectory(directories)}:$PATH

  kubectl get pods --all-namespaces
  kubectl run sandboxed --image=${images.busybox} --overrides='{"spec":{"runtimeClassName":"nono-runc"}}' -- sleep infinity
  kubectl wait --for=condition=Ready pod/sandboxed
  kubectl exec sandboxed -- cat /etc/shadow     # Permission denied

The node reaches no registry. It has that image; ctr images import FILE brings others.
Tests on it: KUBEFENCE_E2E_IMAGE=${images.busybox} ${inside} make e2e KUBECONFIG=${directories.kubeconfig}
Logs of its services: ${directories.logs}
Stop it with: make cluster-down`);
}
