import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The checkout this file belongs to. */
export const checkout: string = join(import.meta.dirname, "../..");

/** Where built tools and image layers are kept between runs, outside the checkout. */
export const cache: string = process.env["KUBEFENCE_CACHE"] ?? join(homedir(), ".cache/kubefence");

/** Every path that one test node owns. Nothing outside them is written, apart from what runc and shims put into /run/containerd. */
export interface NodeDirectories {
  /** Names the node: two nodes of different names can run at the same time. */
  name: string;
  /** Sockets, pids, state. Short, because a unix socket path holds at most 107 bytes. Gone after a reboot. */
  run: string;
  /** Containerd's root: images and snapshots. Kept between runs. */
  lib: string;
  containerdSocket: string;
  nriSocket: string;
  /** Stands in for /var/lib/kubelet. */
  kubelet: string;
  /** Log files of the daemons; kept until the next start. */
  logs: string;
  /** Stands in for /opt/nono-nri. */
  launcher: string;
}

/** The paths of the node `name`. */
export function nodeDirectories(name: string): NodeDirectories {
  const run = `/run/kubefence-${name}`;
  return {
    name,
    run,
    lib: join(cache, "stack", `${name}-${containerdRelease().version}`),
    containerdSocket: `${run}/containerd.sock`,
    nriSocket: `${run}/nri/nri.sock`,
    kubelet: `${run}/kubelet`,
    logs: join(cache, "stack", `${name}-logs`),
    launcher: `${run}/nono-nri`,
  };
}

/** One of our Go modules under tools/ and the directory that tools/build.sh fills from it. */
export interface ToolRelease {
  /** Folder name under tools/. */
  folder: string;
  version: string;
  binaries: string;
}

/** The containerd that the variable CONTAINERD picks: `2.3.7` (default), or `2.2.x` for the newest 2.2 that tools/ builds. */
export function containerdRelease(): ToolRelease {
  const wanted = process.env["CONTAINERD"] || "2.3.7";
  const [major, minor] = wanted.split(".");
  const release = toolRelease("containerd", `containerd-${major}.${minor}`, "github.com/containerd/containerd/v2");
  if (wanted !== release.version && !wanted.endsWith(".x")) {
    throw new Error(
      `CONTAINERD=${wanted}: tools/${release.folder} builds ${release.version}; name that, or ${major}.${minor}.x`,
    );
  }
  return release;
}

/** runc, in the version that tools/runc names. */
export function runcRelease(): ToolRelease {
  return toolRelease("runc", "runc", "github.com/opencontainers/runc");
}

/** The CNI plugins, in the version that tools/cni names. */
export function cniRelease(): ToolRelease {
  return toolRelease("cni", "cni", "github.com/containernetworking/plugins");
}

/** Kubernetes, in the version that tools/kubernetes names, and the etcd that goes with it. */
export function kubernetesRelease(): ToolRelease {
  return toolRelease("kubernetes", "kubernetes", "k8s.io/kubernetes");
}

/** Helm, in the version that tools/helm names. */
export function helmRelease(): ToolRelease {
  return toolRelease("helm", "helm", "helm.sh/helm/v3");
}

/** go-landlock's landlock-restrict, in the version that tools/landlock-restrict names. */
export function landlockRestrictRelease(): ToolRelease {
  return toolRelease("landlock", "landlock-restrict", "github.com/landlock-lsm/go-landlock");
}

function toolRelease(family: string, folder: string, module: string): ToolRelease {
  const goMod = readFileSync(join(checkout, "tools", folder, "go.mod"), "utf8");
  const version = new RegExp(String.raw`^\s*(?:require )?${module.replaceAll(".", String.raw`\.`)} v(\S+)`, "m").exec(
    goMod,
  )?.[1];
  if (version === undefined) {
    throw new Error(`tools/${folder}/go.mod does not require ${module}`);
  }
  return { folder, version, binaries: join(cache, "bin", `${family}-${version}`) };
}
