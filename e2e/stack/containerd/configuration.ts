import { stringify } from "smol-toml";
import { cniRelease, type NodeDirectories, runcRelease } from "../directories.ts";
import { cniDirectory } from "../network.ts";

/** The image of every pod's pause container. */
export const pauseImage = "localhost/kubefence/pause:1";

/** What a test may change in containerd's configuration. */
export interface ContainerdOptions {
  /** `[plugins.'io.containerd.nri.v1.nri'.default_validator]`, as it is. */
  nriValidator?: Record<string, unknown>;
  /** BinaryName of the handler nono-runc; runc when absent. */
  handlerBinary?: string;
  /** Annotations of the pod that it passes on: nono.sh/* when absent. */
  podAnnotations?: string[];
}

/** The configuration file: own root, state and sockets, and the handlers `runc` (default) and `nono-runc`. */
export function containerdConfiguration(directories: NodeDirectories, options: ContainerdOptions): string {
  const { run } = directories;
  const runc = `${runcRelease().binaries}/runc`;
  return stringify({
    version: 3,
    root: directories.lib,
    state: `${run}/state`,
    grpc: { address: directories.containerdSocket },
    ttrpc: { address: `${directories.containerdSocket}.ttrpc` },
    plugins: {
      "io.containerd.cri.v1.images": { pinned_images: { sandbox: pauseImage } },
      "io.containerd.cri.v1.runtime": {
        // Root without CAP_SYS_RESOURCE cannot lower oom_score_adj.
        restrict_oom_score_adj: true,
        disable_apparmor: true,
        netns_mounts_under_state_dir: true,
        cni: { bin_dirs: [cniRelease().binaries], conf_dir: cniDirectory(directories) },
        containerd: {
          default_runtime_name: "runc",
          runtimes: {
            runc: handler(runc, run),
            // nono-runc has to see which profile a pod asks for.
            "nono-runc": {
              ...handler(options.handlerBinary ?? runc, run),
              pod_annotations: options.podAnnotations ?? ["nono.sh/*"],
            },
          },
        },
      },
      "io.containerd.nri.v1.nri": {
        socket_path: directories.nriSocket,
        plugin_path: `${run}/nri/plugins`,
        plugin_config_path: `${run}/nri/conf.d`,
        plugin_registration_timeout: "5s",
        plugin_request_timeout: "2s",
        ...(options.nriValidator && { default_validator: options.nriValidator }),
      },
    },
  });
}

function handler(binary: string, run: string): Record<string, unknown> {
  return {
    runtime_type: "io.containerd.runc.v2",
    options: { BinaryName: binary, Root: runcRoot(run), SystemdCgroup: false },
  };
}

/** runc's `--root`, without the namespace that containerd appends. */
export function runcRoot(run: string): string {
  return `${run}/runc`;
}
