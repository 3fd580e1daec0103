import { stringify } from "smol-toml";
import { pauseImage } from "../containerd/configuration.ts";
import { cniRelease, runcRelease } from "../directories.ts";

/** Where nono-runc is on the node. */
export const nonoRuncPath = "/opt/kubefence/bin/nono-runc";

/** A node that has nono-runc as a handler already, or one that has never seen Kubefence. */
export type NodeKind = "prepared" | "bare";

/** The node's /etc/containerd/config.toml: the paths that containerd has by default, and runc. */
export function clusterContainerdConfiguration(kind: NodeKind): string {
  const runc = `${runcRelease().binaries}/runc`;
  const prepared = kind === "prepared";
  const configuration = stringify({
    version: 3,
    ...(prepared && { imports: ["/etc/containerd/conf.d/*.toml"] }),
    plugins: {
      "io.containerd.cri.v1.images": { pinned_images: { sandbox: pauseImage } },
      "io.containerd.cri.v1.runtime": {
        // Root without CAP_SYS_RESOURCE cannot lower oom_score_adj.
        restrict_oom_score_adj: true,
        disable_apparmor: true,
        cni: { bin_dirs: [cniRelease().binaries], conf_dir: "/etc/cni/net.d" },
        containerd: {
          default_runtime_name: "runc",
          runtimes: {
            runc: handler(runc),
            ...(prepared && { "nono-runc": { ...handler(nonoRuncPath), pod_annotations: ["nono.sh/*"] } }),
          },
        },
      },
    },
  });
  return prepared ? configuration : `# The operators' own file.\n${configuration}\n# Its last line, without an end`;
}

function handler(binary: string): Record<string, unknown> {
  return { runtime_type: "io.containerd.runc.v2", options: { BinaryName: binary, SystemdCgroup: false } };
}
