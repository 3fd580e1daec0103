/** What an operator, or the chart, may choose about Kata on a node. */
import { ownMark } from "../settings.ts";

export interface KataSettings {
  /** Kata's QEMU configuration on the node; undefined for the one that the node's own handler names. */
  readonly qemuConfig: string | undefined;
  /** Where our configuration goes; Kata reads drop-ins from `config.d` beside it. */
  readonly directory: string;
  /** Where guest kernel and guest image go. */
  readonly shareDirectory: string;
  /** `kernel_verity_params` of our guest image; empty where it is not measured. */
  readonly kernelVerityParams: string;
  /** `machine_accelerators`; empty leaves Kata's. */
  readonly machineAccelerators: string;
  /** QEMU's own seccomp sandbox; empty leaves Kata's. */
  readonly seccompSandbox: string;
  readonly disableGuestSeccomp: boolean;
  /** Annotations of a pod that reach Kata, by their whole names. */
  readonly annotations: readonly string[];
}

/** First words of every file that is ours as a whole. */
export const kataMark: string = `${ownMark} kata install`;

/** The runtime handler, as the RuntimeClass names it. */
export const kataHandlerName = "kata-nono-qemu";

/** Name of our drop-in for containerd; `kubefence*.toml` loads it with the other one. */
export const kataDropInName = "kubefence-kata.toml";

/** Name of our drop-in for CRI-O. Sorts after what others use, the original's `98-kata-nono-qemu.conf` among them. */
export const kataCrioDropInName = "99-kubefence-kata.conf";

/** Name of our QEMU configuration, as the original calls it. */
export const kataConfigurationName = "configuration-kata-nono-qemu.toml";

/** Kata itself lets only such annotations change the hypervisor as are on its own list, by the names after this. */
export const hypervisorAnnotation = "io.katacontainers.config.hypervisor.";

/** Kata's usual places, tried in turn where no handler names one. */
export const usualConfigurations: readonly string[] = [
  "/opt/kata/share/defaults/kata-containers/runtimes/qemu/configuration-qemu.toml",
  "/opt/kata/share/defaults/kata-containers/configuration-qemu.toml",
  "/opt/kata/share/defaults/kata-containers/runtime-rs/runtimes/qemu-runtime-rs/configuration-qemu-runtime-rs.toml",
  "/opt/kata/share/defaults/kata-containers/runtime-rs/configuration-qemu-runtime-rs.toml",
  "/etc/kata-containers/configuration-qemu.toml",
  "/usr/share/kata-containers/defaults/configuration-qemu.toml",
  "/usr/share/defaults/kata-containers/configuration-qemu.toml",
];
