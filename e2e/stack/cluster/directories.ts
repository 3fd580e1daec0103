import { nodeDirectories, type NodeDirectories } from "../directories.ts";

/**
 * Paths of a cluster's node, as the machine sees them. The node itself has its files under the usual names: what is
 * `<root>/etc/containerd` here is `/etc/containerd` there.
 */
export interface ClusterDirectories extends NodeDirectories {
  /** The node's /etc, /opt, /run, /var/lib and /var/log. */
  root: string;
  /** A kubeconfig with all rights, for use in the node's network namespace. */
  kubeconfig: string;
}

/** The paths of the cluster `name`. */
export function clusterDirectories(name: string): ClusterDirectories {
  const node = nodeDirectories(name);
  const root = `${node.run}/root`;
  return {
    ...node,
    root,
    containerdSocket: `${root}/run/containerd/containerd.sock`,
    nriSocket: `${root}/run/nri/nri.sock`,
    kubelet: `${root}/var/lib/kubelet`,
    launcher: `${root}/opt/nono-nri`,
    kubeconfig: `${root}/etc/kubernetes/admin.kubeconfig`,
  };
}
