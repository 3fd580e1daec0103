import { existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.ts";
import { runcRoot } from "./containerd/configuration.ts";
import { cache, type NodeDirectories, runcRelease } from "./directories.ts";
import { removeNetwork } from "./network.ts";

/**
 * Removes what a node left behind: containers by runc's own state, shims that serve this node's socket, mounts and
 * cgroups below its directories, its network namespace. Safe to call when there is nothing. containerd must be stopped.
 */
export async function removeLeftovers(directories: NodeDirectories): Promise<void> {
  const runc = join(runcRelease().binaries, "runc");
  const root = join(runcRoot(directories.run), "k8s.io");
  for (const container of existsSync(root) ? readdirSync(root) : []) {
    await run(runc, ["--root", root, "delete", "--force", container]);
  }
  for (const pid of shimPids(directories)) {
    process.kill(pid, "SIGKILL");
  }
  for (const mountPoint of mountsBelow([directories.run, directories.lib])) {
    await run("umount", ["--lazy", mountPoint]);
  }
  removeCgroups(directories);
  await removeNetwork(directories);
  rmSync(directories.run, { recursive: true, force: true });
}

/** The cgroup of all pods of a node, on every hierarchy. */
export function cgroupParent(directories: NodeDirectories): string {
  return `/kubefence-${directories.name}`;
}

// A shim is ours when it is the program that we built and was started for this node's socket.
function shimPids(directories: NodeDirectories): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const program = readlinkSync(`/proc/${pid}/exe`);
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return program.startsWith(`${cache}/bin/containerd-`) && commandLine.includes(directories.containerdSocket);
      } catch {
        return false; // gone meanwhile, or a kernel thread
      }
    });
}

/** Mount points below these directories, the deepest first. */
function mountsBelow(parents: string[]): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map(
      (line) =>
        line
          .split(" ")[4]
          ?.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8))) ?? "",
    )
    .filter((mountPoint) => parents.some((parent) => mountPoint.startsWith(`${parent}/`)))
    .toReversed();
}

function removeCgroups(directories: NodeDirectories): void {
  const hierarchies = ["", ...readdirSync("/sys/fs/cgroup")];
  for (const hierarchy of hierarchies) {
    removeCgroup(join("/sys/fs/cgroup", hierarchy, cgroupParent(directories)));
  }
}

function removeCgroup(directory: string): void {
  if (existsSync(directory)) {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) {
        removeCgroup(join(directory, entry.name));
      }
    }
    rmdirSync(directory);
  }
}
