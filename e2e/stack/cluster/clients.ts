import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { containerdRelease, helmRelease, kubernetesRelease } from "../directories.ts";
import { namespacePath } from "../network.ts";
import type { ClusterDirectories } from "./directories.ts";

/** The clients that tools/ builds. */
export function programs(): { kubectl: string; helm: string } {
  return { kubectl: join(kubernetesRelease().binaries, "kubectl"), helm: join(helmRelease().binaries, "helm") };
}

/** A directory for PATH: `kubectl` and `helm` there are those of this cluster, and `ctr` that of its node. */
export function clientsDirectory({ run }: ClusterDirectories): string {
  return join(run, "bin");
}

/** Writes them. Only they enter the cluster's network: it reaches nothing else, and who calls them may want to download something. */
export function writeClients(directories: ClusterDirectories): void {
  const folder = clientsDirectory(directories);
  mkdirSync(folder, { recursive: true });
  const write = (name: string, command: string): void =>
    writeFileSync(join(folder, name), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  for (const [name, program] of Object.entries(programs())) {
    write(name, `nsenter --net=${namespacePath(directories)} ${program} --kubeconfig=${directories.kubeconfig}`);
  }
  const ctr = join(containerdRelease().binaries, "ctr");
  write("ctr", `${ctr} --address=${directories.containerdSocket} --namespace=k8s.io`);
}
