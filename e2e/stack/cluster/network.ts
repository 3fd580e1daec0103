import { run } from "../command.ts";
import { createNetwork, networkNamespaceName } from "../network.ts";
import { apiServiceAddress, nodeAddress } from "./addresses.ts";
import type { ClusterDirectories } from "./directories.ts";

/** The node's network namespace: the pods' bridge, an address for the node, and one for the API server's service. */
export async function createClusterNetwork(directories: ClusterDirectories): Promise<void> {
  await createNetwork(directories, `${directories.root}/etc/cni/net.d`, "/run/cni-addresses");
  const inside = (...args: string[]): Promise<string> => run("ip", ["-n", networkNamespaceName(directories), ...args]);
  // There is no dummy interface in every kernel; a pair of which nobody uses the other end does as well.
  await inside("link", "add", "node0", "type", "veth", "peer", "name", "node1");
  await inside("address", "add", `${nodeAddress}/24`, "dev", "node0");
  await inside("link", "set", "node0", "up");
  await inside("link", "set", "node1", "up");
  await inside("route", "add", "default", "dev", "node0");
  await inside("address", "add", `${apiServiceAddress}/32`, "dev", "lo");
}
