import { namespacePath } from "../network.ts";
import { Cluster, programs } from "./cluster.ts";

/** The cluster that `make cluster-up` leaves running. */
export const upClusterName = "cluster-up";

if (import.meta.main) {
  const started = Date.now();
  const { directories } = await Cluster.start(upClusterName);
  console.log(`
The cluster is up after ${Math.round((Date.now() - started) / 1000)} s.

  alias kubectl='nsenter --net=${namespacePath(directories)} ${programs().kubectl} --kubeconfig=${directories.kubeconfig}'
  kubectl get pods --all-namespaces

Logs of its services: ${directories.logs}
Stop it with: make cluster-down`);
}
