/** The flags of `kubefence node kata` as what they mean. */
import { HARMLESS_KATA_ANNOTATIONS } from "@kubefence/plugin/kata-annotations";
import { kataState } from "../host/heir.ts";
import type { KataOptions } from "../host/kata/options.ts";
import type { NodeOptions } from "../host/options.ts";
import type { RuntimeKind } from "../host/runtime.ts";
import { requireAbsolute, secondsAsMs } from "./flags.ts";

export interface KataFlags {
  readonly root: string;
  readonly state: string;
  readonly runtime?: RuntimeKind;
  readonly config?: string;
  readonly runtimeBinary?: string;
  readonly restart: NodeOptions["restart"];
  readonly wait: string;
  readonly qemuConfig?: string;
  readonly directory: string;
  readonly shareDirectory: string;
  readonly kernel?: string;
  readonly image?: string;
  readonly imageVersion?: string;
  readonly kernelVerityParams: string;
  readonly machineAccelerators: string;
  readonly seccompSandbox: string;
  readonly disableGuestSeccomp: "true" | "false";
  readonly annotation: string[];
  readonly kataTimeout: string;
  readonly json?: boolean;
}

/** @throws {UsageError} for a path on the node that is not absolute, a time that is none */
export function toKataOptions(flags: KataFlags): KataOptions {
  const { root, state, config, runtimeBinary, qemuConfig, directory, shareDirectory } = flags;
  requireAbsolute({ root, state, config, runtimeBinary, qemuConfig, directory, shareDirectory });
  return {
    settings: {
      qemuConfig,
      directory,
      shareDirectory,
      kernelVerityParams: flags.kernelVerityParams,
      machineAccelerators: flags.machineAccelerators,
      seccompSandbox: flags.seccompSandbox,
      disableGuestSeccomp: flags.disableGuestSeccomp === "true",
      annotations: [...new Set([...HARMLESS_KATA_ANNOTATIONS, ...flags.annotation])],
    },
    choice: { runtime: flags.runtime, config, binary: runtimeBinary },
    stateDirectory: kataState(state),
    restart: flags.restart,
    backTimeoutMs: secondsAsMs("--wait", flags.wait, 3600, "not zero"),
    kernel: flags.kernel,
    image: flags.image,
    imageVersion: flags.imageVersion,
    kataTimeoutMs: secondsAsMs("--kata-timeout", flags.kataTimeout, 86_400, "or zero"),
  };
}
