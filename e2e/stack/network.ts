import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.ts";
import type { NodeDirectories } from "./directories.ts";

/**
 * The node's network: a network namespace of its own, in which containerd and the CNI bridge live. The machine's
 * interfaces, routes and firewall are not touched, and nothing in a pod reaches out of it. `configurations` is where CNI's
 * configuration goes, `addresses` where the CNI plugin keeps what is taken.
 */
export async function createNetwork(
  directories: NodeDirectories,
  configurations: string = cniDirectory(directories),
  addresses = `${directories.run}/cni-addresses`,
): Promise<void> {
  const name = networkNamespaceName(directories);
  if (!existsSync(namespacePath(directories))) {
    await run("ip", ["netns", "add", name]);
    await run("ip", ["-n", name, "link", "set", "lo", "up"]);
  }
  mkdirSync(configurations, { recursive: true });
  const configuration = {
    cniVersion: "1.0.0",
    name: "kubefence",
    plugins: [
      {
        type: "bridge",
        bridge: "kubefence0",
        isGateway: true,
        ipMasq: false,
        hairpinMode: false,
        ipam: {
          type: "host-local",
          dataDir: addresses,
          ranges: [[{ subnet: "10.213.80.0/24" }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
    ],
  };
  writeFileSync(join(configurations, "10-kubefence.conflist"), JSON.stringify(configuration, undefined, 2));
}

/** Removes the namespace, and with it bridge and interfaces. */
export async function removeNetwork(directories: NodeDirectories): Promise<void> {
  if (existsSync(namespacePath(directories))) {
    await run("ip", ["netns", "delete", networkNamespaceName(directories)]);
  }
}

/** Where containerd finds the CNI configuration. */
export function cniDirectory(directories: NodeDirectories): string {
  return `${directories.run}/cni`;
}

/** A file that `nsenter --net=` takes. Not `ip netns exec`: it mounts /sys anew, which hides the cgroups. */
export function namespacePath(directories: NodeDirectories): string {
  return `/run/netns/${networkNamespaceName(directories)}`;
}

/** The name that `ip -n` takes. */
export function networkNamespaceName(directories: NodeDirectories): string {
  return `kubefence-${directories.name}`;
}
