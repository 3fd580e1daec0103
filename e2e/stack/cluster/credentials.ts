import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { apiServer, nodeName } from "./addresses.ts";
import type { ClusterDirectories } from "./directories.ts";

/** Where the node has them. */
export const kubernetesDirectory = "/etc/kubernetes";
/** Where the API server makes its certificate. */
export const certificateDirectory = "/var/lib/kubernetes";

type User = "admin" | "kubelet" | "controller-manager" | "scheduler";
const users: Record<User, { name: string; groups: string[] }> = {
  admin: { name: "admin", groups: ["system:masters"] },
  kubelet: { name: `system:node:${nodeName}`, groups: ["system:nodes"] },
  "controller-manager": { name: "system:kube-controller-manager", groups: [] },
  scheduler: { name: "system:kube-scheduler", groups: [] },
};

/** Writes tokens, kubeconfigs and the key pair of service accounts, all new. */
export function writeCredentials(directories: ClusterDirectories): void {
  const directory = join(directories.root, kubernetesDirectory);
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o700);
  const write = (name: string, content: string): void => writeFileSync(join(directory, name), content, { mode: 0o600 });
  const lines = Object.entries(users).map(([user, { name, groups }]) => {
    const token = randomBytes(32).toString("hex");
    // The administrator is on the machine, the others on the node.
    const certificates = user === "admin" ? join(directories.root, certificateDirectory) : certificateDirectory;
    write(`${user}.kubeconfig`, kubeconfig(name, token, `${certificates}/apiserver.crt`));
    return `${token},${name},${name},"${groups.join(",")}"\n`;
  });
  write("tokens.csv", lines.join(""));
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  write("service-accounts.pub", publicKey);
  write("service-accounts.key", privateKey);
}

/** Path of a user's kubeconfig on the node. */
export function kubeconfigOf(user: User): string {
  return `${kubernetesDirectory}/${user}.kubeconfig`;
}

// JSON is YAML.
function kubeconfig(user: string, token: string, certificate: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "kubefence", cluster: { server: apiServer, "certificate-authority": certificate } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: "kubefence", context: { cluster: "kubefence", user } }],
    "current-context": "kubefence",
  });
}
