/** The flags of `kubefence node kata` as what they mean. */
import { isAbsolute } from "node:path";
import { HARMLESS_KATA_ANNOTATIONS } from "@kubefence/plugin/kata-annotations";
import { kataState } from "../host/heir.ts";
import type { KataOptions } from "../host/kata/options.ts";
import type { NodeOptions } from "../host/options.ts";
import type { RuntimeKind } from "../host/runtime.ts";
import { UsageError } from "./output.ts";

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
  const paths = { root, state, config, runtimeBinary, qemuConfig, directory, shareDirectory };
  for (const [name, path] of Object.entries(paths)) {
    if (path !== undefined && !isAbsolute(path)) throw new UsageError(`${name} ${path}: must be an absolute path`);
  }
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
    backTimeoutMs: seconds("--wait", flags.wait, 3600) * 1000,
    kernel: flags.kernel,
    image: flags.image,
    imageVersion: flags.imageVersion,
    kataTimeoutMs: seconds("--kata-timeout", flags.kataTimeout, 86_400) * 1000,
  };
}

/** @throws {UsageError} */
export function seconds(name: string, text: string, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= most) return value;
  throw new UsageError(`${name} ${text}: must be seconds, up to ${most}`);
}
