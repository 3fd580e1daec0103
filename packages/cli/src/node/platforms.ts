/** Systems that do not let a file be put into containerd's folder, and what to do there instead. Pure. */
import type { NodeProblem } from "./errors.ts";

/** Who writes containerd's main file. */
export interface Distribution {
  readonly name: string;
  /** Its main file is written anew at each start, so an edit would be lost. */
  readonly generated: boolean;
  /** What to do where no pattern of the main file loads a drop-in. */
  readonly byHand?: string;
}

const plain: Distribution = { name: "containerd", generated: false };

const distributions: readonly (Distribution & { readonly prefix: string })[] = [
  ...(["k3s", "rke2"] as const).map((name) => ({
    name,
    prefix: `/var/lib/rancher/${name}/`,
    generated: true,
    byHand: `create /var/lib/rancher/${name}/agent/etc/containerd/config-v3.toml.tmpl with the line {{ template "base" . }} and these lines below it, restart ${name}, and run the command again`,
  })),
  {
    name: "k0s",
    prefix: "/etc/k0s/",
    generated: true,
    byHand:
      "put these lines into /etc/k0s/containerd.d/kubefence.toml, which k0s merges, restart k0s, and run the command again",
  },
  {
    name: "MicroK8s",
    prefix: "/var/snap/microk8s/",
    generated: true,
    byHand:
      "add these lines to /var/snap/microk8s/current/args/containerd-template.toml, restart snap.microk8s.daemon-containerd, and run the command again",
  },
];

/** The distribution whose main file this is. */
export function distributionOf(mainFile: string): Distribution {
  return distributions.find(({ prefix }) => mainFile.startsWith(prefix)) ?? plain;
}

const readOnlySystems: Readonly<Record<string, string>> = {
  talos:
    "add the lines through the machine configuration: machine.files, path /etc/cri/conf.d/20-customization.part; nono-runc and the launcher have to come as a system extension",
  bottlerocket:
    "its settings API has no runtime handlers: build a variant whose containerd configuration has the lines, with nono-runc and the launcher in it",
  flatcar:
    "copy /usr/share/containerd/config.toml to /etc/containerd/config.toml, make containerd.service use it by a drop-in in /etc/systemd/system/containerd.service.d, and run the command again",
  cos: "its root is read-only and /etc is lost at each boot: use a node image that can be changed, such as Ubuntu",
};

/**
 * What keeps us from writing on this system. `osRelease` is /etc/os-release, `isReadOnly` says that the folder of the main file
 * cannot be written.
 */
export function findReadOnly(osRelease: string, mainFile: string, isReadOnly: boolean): NodeProblem | undefined {
  const id = /^ID=["']?([^"'\n]*)/m.exec(osRelease)?.[1] ?? "";
  const advice = readOnlySystems[id];
  // Flatcar's own file is in /usr; once it is copied it is a file like any other.
  const isKnown = advice !== undefined && (id !== "flatcar" || mainFile.startsWith("/usr/"));
  if (!isKnown && !isReadOnly) return undefined;
  return {
    code: "KF_NODE_BY_HAND",
    where: mainFile,
    what: isKnown ? `the system is ${id}, which keeps its own files` : "it lies on a read-only file system",
    action: advice ?? "make it writable, or bring the lines into the system's image",
  };
}
