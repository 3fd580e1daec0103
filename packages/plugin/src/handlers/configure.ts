import { explain } from "../errors.ts";
import { judgeRuntime } from "../policy/runtime.ts";
import type { Answering, Daemon } from "./daemon.ts";

interface ConfigureInput {
  readonly runtimeName: string;
  readonly runtimeVersion: string;
  readonly nriVersion: string;
}

/**
 * Learns who the runtime is. One that is too old is no error here: an error would make it drop the plugin and start the
 * containers unsandboxed. Every create of our classes is refused instead.
 */
export function configure(daemon: Daemon, request: ConfigureInput, call: Answering): void {
  const { runtimeName, runtimeVersion, nriVersion } = request;
  const runtime = judgeRuntime(runtimeName, runtimeVersion, nriVersion);
  daemon.node.runtime = runtime;
  daemon.expectations.clear();
  call.afterReply(() => {
    const { log, pluginName } = daemon;
    log.info("configured", {
      plugin: pluginName,
      runtime: `${runtimeName}/${runtimeVersion}`,
      nri_version: nriVersion,
    });
    const { refusal } = runtime;
    if (refusal !== undefined)
      log.error("runtime not supported", { error: explain(refusal.code, refusal.what, refusal.action) });
  });
}
