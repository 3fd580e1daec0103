import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cgroupParent } from "../leftovers.ts";
import { containerdRelease } from "../directories.ts";
import { certificateDirectory, kubernetesDirectory, writeCredentials } from "./credentials.ts";
import { clusterContainerdConfiguration, type NodeKind } from "./containerd.ts";
import type { ClusterDirectories } from "./directories.ts";
import { kubeletConfiguration, kubeletSysctls } from "./kubelet.ts";
import { type Service, serviceCommands, serviceNames } from "./services.ts";

/** Writes the files of a node that has never run. */
export function writeNodeFiles(directories: ClusterDirectories, kind: NodeKind): void {
  const write = (path: string, content: string): void => writeNodeFile(directories, path, content);
  mkdirSync(directories.root, { recursive: true, mode: 0o755 });
  write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n");
  write("/etc/group", "root:x:0:\nnogroup:x:65534:\n");
  write("/etc/hosts", "127.0.0.1 localhost\n");
  write("/etc/resolv.conf", "");
  write("/etc/containerd/config.toml", clusterContainerdConfiguration(kind));
  write(`${kubernetesDirectory}/kubelet.json`, kubeletConfiguration(cgroupParent(directories)));
  for (const [name, value] of Object.entries(kubeletSysctls)) {
    write(`/var/lib/kubelet-sysctls/${name}`, value);
  }
  writeCredentials(directories);
  for (const directory of [certificateDirectory, "/opt", "/var/log", "/var/lib/containerd"]) {
    mkdirSync(join(directories.root, directory), { recursive: true });
  }
  mkdirSync(directories.lib, { recursive: true });
  mkdirSync(directories.logs, { recursive: true });
}

/** Makes the node's /run as it is after a boot: nothing but its services. Those in `down` are not started. */
export function writeRunDirectory(directories: ClusterDirectories, down: readonly Service[]): void {
  rmSync(join(directories.root, "run"), { recursive: true, force: true });
  // A container in a user namespace gets its file system through it.
  mkdirSync(join(directories.root, "run"), { mode: 0o755 });
  mkdirSync(join(directories.root, "run/tmp"), { mode: 0o700 });
  const commands = serviceCommands();
  for (const name of serviceNames) {
    // TMPDIR: containerd's shims leave files in /tmp when they are killed, and that is the machine's.
    const environment = [
      `PATH=${containerdRelease().binaries}:/usr/sbin:/usr/bin:/sbin:/bin`,
      "TMPDIR=/run/tmp",
      "HOME=/root",
    ];
    const command = ["env", "-i", ...environment, ...commands[name]].map((word) => `'${word}'`).join(" ");
    writeNodeFile(directories, `/run/services/${name}/run`, `#!/bin/sh\nexec ${command}\n`, 0o755);
    if (down.includes(name)) {
      writeNodeFile(directories, `/run/services/${name}/down`, "");
    }
  }
}

function writeNodeFile(directories: ClusterDirectories, path: string, content: string, mode = 0o644): void {
  const target = join(directories.root, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content, { mode });
}
