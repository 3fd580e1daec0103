import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DaemonFiles, runningPid, startDaemon, stopDaemon } from "../daemon.ts";
import { containerdRelease, type NodeDirectories } from "../directories.ts";
import { namespacePath } from "../network.ts";
import { type ContainerdOptions, containerdConfiguration } from "./configuration.ts";

/** The main configuration file. */
export function containerdFile(directories: NodeDirectories): string {
  return `${directories.run}/containerd.toml`;
}

/** Starts containerd in the node's network namespace. The CRI client waits until it answers. */
export function startContainerd(directories: NodeDirectories, options: ContainerdOptions): void {
  mkdirSync(directories.lib, { recursive: true });
  writeFileSync(containerdFile(directories), containerdConfiguration(directories, options));
  launchContainerd(directories);
}

/** Starts it with the configuration that is there. */
export function launchContainerd(directories: NodeDirectories): void {
  const { binaries } = containerdRelease();
  startDaemon(
    daemonFiles(directories),
    "nsenter",
    [`--net=${namespacePath(directories)}`, join(binaries, "containerd"), "--config", containerdFile(directories)],
    // containerd looks for its shim on PATH.
    { PATH: `${binaries}:/usr/sbin:/usr/bin:/sbin:/bin` },
  );
}

/** Stops containerd; its containers go on under their shims. */
export async function stopContainerd(directories: NodeDirectories): Promise<void> {
  await stopDaemon(daemonFiles(directories).pidFile);
}

/** Pid of the running containerd, undefined while there is none. */
export function containerdPid(directories: NodeDirectories): number | undefined {
  return runningPid(daemonFiles(directories).pidFile);
}

function daemonFiles(directories: NodeDirectories): DaemonFiles {
  return { pidFile: `${directories.run}/containerd.pid`, logFile: `${directories.logs}/containerd.log` };
}
