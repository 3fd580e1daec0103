/** The flags of `kubefence node` as what they mean. */
import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { NodeOptions } from "../host/options.ts";
import type { RuntimeKind } from "../host/runtime.ts";
import { requireAbsolute, secondsAsMs } from "./flags.ts";

export interface NodeFlags {
  readonly root: string;
  readonly release?: string;
  readonly profiles: string[];
  readonly pluginConfig: string;
  readonly program: string;
  readonly log: string;
  readonly state: string;
  readonly runtime?: RuntimeKind;
  readonly config?: string;
  readonly runtimeBinary?: string;
  readonly ociRuntime?: string;
  readonly nriSocket?: string;
  readonly nriPlugins?: string;
  readonly nriConfig?: string;
  readonly requirePlugin?: boolean;
  readonly restart: NodeOptions["restart"];
  readonly selfTest?: boolean;
  readonly wait: string;
  readonly json?: boolean;
}

/** @throws {UsageError} for a path on the node that is not absolute, a time that is none */
export function toNodeOptions(flags: NodeFlags): NodeOptions {
  const { root, program, log, state, config, runtimeBinary, ociRuntime, nriSocket, nriPlugins, nriConfig } = flags;
  requireAbsolute({ root, program, log, state, config, runtimeBinary, ociRuntime, nriSocket, nriPlugins, nriConfig });
  return {
    settings: {
      program,
      nri: { socketPath: nriSocket, pluginPath: nriPlugins, configPath: nriConfig },
      requirePlugin: flags.requirePlugin === true,
    },
    choice: { runtime: flags.runtime, config, binary: runtimeBinary },
    release: flags.release ?? besideProgram(process.argv[1] ?? "."),
    profiles: flags.profiles,
    pluginConfig: flags.pluginConfig,
    log,
    ociRuntime,
    stateDirectory: state,
    restart: flags.restart,
    selfTest: flags.selfTest === true,
    backTimeoutMs: secondsAsMs("--wait", flags.wait, 3600, "not zero"),
  };
}

// Who calls a release's program by a link means that release.
function besideProgram(program: string): string {
  return dirname(realpathSync(program));
}
