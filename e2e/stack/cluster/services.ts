import { join } from "node:path";
import { containerdRelease, kubernetesRelease } from "../directories.ts";
import { apiPort, nodeAddress, nodeName, serviceRange } from "./addresses.ts";
import { certificateDirectory, kubeconfigOf, kubernetesDirectory } from "./credentials.ts";

/** What runs on the node, in the order of its start. */
export const serviceNames = ["containerd", "etcd", "apiserver", "controller-manager", "scheduler", "kubelet"] as const;
export type Service = (typeof serviceNames)[number];

/** Command line of each service, with the paths of the node. */
export function serviceCommands(): Record<Service, string[]> {
  const serviceAccounts = `${kubernetesDirectory}/service-accounts`;
  return {
    containerd: [join(containerdRelease().binaries, "containerd")],
    etcd: [
      program("etcd"),
      "--data-dir=/var/lib/etcd",
      "--listen-client-urls=http://127.0.0.1:2379",
      "--advertise-client-urls=http://127.0.0.1:2379",
      "--listen-peer-urls=http://127.0.0.1:2380",
      "--log-level=warn",
      "--unsafe-no-fsync",
    ],
    apiserver: [
      program("kube-apiserver"),
      "--etcd-servers=http://127.0.0.1:2379",
      "--bind-address=0.0.0.0",
      `--secure-port=${apiPort}`,
      `--advertise-address=${nodeAddress}`,
      `--cert-dir=${certificateDirectory}`,
      `--service-cluster-ip-range=${serviceRange}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${serviceAccounts}.pub`,
      `--service-account-signing-key-file=${serviceAccounts}.key`,
      `--token-auth-file=${kubernetesDirectory}/tokens.csv`,
      "--authorization-mode=Node,RBAC",
      "--enable-admission-plugins=NodeRestriction",
      "--allow-privileged=true",
      "--endpoint-reconciler-type=none",
      "--kubelet-preferred-address-types=InternalIP",
    ],
    "controller-manager": [
      program("kube-controller-manager"),
      `--kubeconfig=${kubeconfigOf("controller-manager")}`,
      `--service-account-private-key-file=${serviceAccounts}.key`,
      `--root-ca-file=${certificateDirectory}/apiserver.crt`,
      "--use-service-account-credentials=true",
      "--leader-elect=false",
    ],
    scheduler: [program("kube-scheduler"), `--kubeconfig=${kubeconfigOf("scheduler")}`, "--leader-elect=false"],
    kubelet: [
      join(import.meta.dirname, "kubelet.sh"),
      program("kubelet"),
      `--config=${kubernetesDirectory}/kubelet.json`,
      `--kubeconfig=${kubeconfigOf("kubelet")}`,
      `--hostname-override=${nodeName}`,
      `--node-ip=${nodeAddress}`,
    ],
  };
}

function program(name: string): string {
  return join(kubernetesRelease().binaries, name);
}
