/** kubefence runtime-config */
import { basename, dirname } from "node:path";
import { writeAll } from "../files/write.ts";
import { composeRuntimeConfiguration, readPluginConfiguration } from "../runtime/compose.ts";
import { checkRuntime, readAccepted } from "../runtime/node.ts";
import { requireAbsolute } from "./flags.ts";
import { type Output, UsageError } from "./output.ts";

export interface RuntimeConfigOptions {
  /** The plugin's configuration file. */
  readonly config: string;
  readonly runtime: string;
  readonly log: string;
  readonly accept: readonly string[];
  readonly output?: string | undefined;
}

/**
 * Writes nono-runc's configuration from the plugin's, the launcher and the installed profiles: onto stdout, or over the
 * file that is there, in one step.
 * @throws {UsageError} | {RuntimeConfigError} | {ProfileError} KF_PROFILE_WRITE
 */
export async function runtimeConfig(options: RuntimeConfigOptions): Promise<Output> {
  const { output } = options;
  requireAbsolute({ runtime: options.runtime, log: options.log, output });
  const settings = readPluginConfiguration(options.config);
  const launcherDirectory = dirname(settings.nonoBinPath);
  if (output !== undefined && `${output}/`.startsWith(`${launcherDirectory}/`)) {
    throw new UsageError(`--output ${output}: lies in ${launcherDirectory}, which containers see`);
  }
  await checkRuntime(options.runtime, output?.replace(/\.json$/, ""));
  const next = await Promise.all(options.accept.map(async (path) => ({ ...(await readAccepted(path)), identity: "" })));
  const { runtime, log } = options;
  const text = await composeRuntimeConfiguration(settings, { runtime, log, next });
  if (output === undefined) return { stdout: text };
  await writeAll(dirname(output), new Map([[basename(output), text]]));
  return { stdout: `${output}\n` };
}
