/** Rows of node check about what install put on the node. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { inspectLauncher } from "@kubefence/plugin/launcher";
import { InstalledProfileReader } from "@kubefence/plugin/profiles";
import type { CheckRow } from "../node/check.ts";
import { composeRuntimeConfiguration, type PluginConfiguration } from "../runtime/compose.ts";
import type { Host } from "./host.ts";
import type { NodeOptions } from "./options.ts";
import { findRealRuntime } from "./runtime.ts";
import { type Installed } from "./state.ts";
import { messageOf } from "../thrown.ts";

const mend = "run kubefence node install";

/** The node's own OCI runtime, as its handler names it, and the PATH of the container runtime. */
export interface BaseRuntime {
  readonly program: string;
  readonly searchPath: string;
}

/** Rows of launcher, nono-runc, its configuration and the profiles. `base` is what the node's own handler starts. */
export async function fileRows(
  host: Host,
  options: NodeOptions,
  plugin: PluginConfiguration,
  installed: Installed | undefined,
  base: BaseRuntime,
): Promise<CheckRow[]> {
  return [
    installed === undefined
      ? { name: "release", state: "bad", value: "nothing is installed", fix: mend }
      : { name: "release", state: "ok", value: `${installed.release}, ${installed.files.length} files` },
    await launcherRow(host, plugin.nonoBinPath, installed),
    await digestRow(host, "nono-runc", options.settings.program, installed),
    await configurationRow(host, options, plugin, base),
    await profilesRow(host, dirname(plugin.nonoBinPath)),
    ...(plugin.seccompProfile === "" ? [] : [await digestRow(host, "seccomp filter", filterPath(plugin), installed)]),
  ];
}

/** The filter of the policy that the plugin asks for. */
function filterPath({ nonoBinPath, seccompProfile }: PluginConfiguration): string {
  return join(dirname(nonoBinPath), "seccomp", `${seccompProfile}.bpf`);
}

async function launcherRow(host: Host, path: string, installed: Installed | undefined): Promise<CheckRow> {
  const inspected = await inspectLauncher(host.path(path), process.geteuid?.() ?? 0);
  if ("code" in inspected) return { name: "launcher", state: "bad", value: inspected.what, fix: mend };
  const [barrier] = inspected.barriers;
  if (barrier !== undefined) {
    return { name: "launcher", state: "bad", value: `${path} is closed to some containers' users`, fix: mend };
  }
  return digestRow(host, "launcher", path, installed);
}

async function digestRow(host: Host, name: string, path: string, installed: Installed | undefined): Promise<CheckRow> {
  const content = await host.read(path).catch(() => undefined);
  if (content === undefined) return { name, state: "bad", value: `${path} is not there`, fix: mend };
  const digest = createHash("sha256").update(content).digest("hex");
  const value = `${path} sha256:${digest.slice(0, 12)}`;
  const noted = installed?.files.find((file) => file.path === path)?.digest;
  if (noted === digest) return { name, state: "ok", value };
  const fix = noted === undefined ? mend : `it is not what install put there (sha256:${noted.slice(0, 12)}); ${mend}`;
  return { name, state: "bad", value, fix };
}

async function configurationRow(
  host: Host,
  { settings, log, ociRuntime }: NodeOptions,
  plugin: PluginConfiguration,
  base: BaseRuntime,
): Promise<CheckRow> {
  const [name, file] = ["nono-runc.json", `${settings.program}.json`];
  try {
    const runtime = await findRealRuntime(host, ociRuntime ?? base.program, base.searchPath);
    const wanted = await composeRuntimeConfiguration(plugin, { runtime, log, at: (path) => host.path(path) });
    if ((await host.readText(file)) === wanted) return { name, state: "ok", value: `${file}, runtime ${runtime}` };
    return { name, state: "bad", value: `${file} does not fit launcher, profiles and plugin`, fix: mend };
  } catch (error) {
    return { name, state: "bad", value: messageOf(error), fix: mend };
  }
}

async function profilesRow(host: Host, launcherDirectory: string): Promise<CheckRow> {
  const folder = join(launcherDirectory, "profiles");
  // Without the folder the plugin falls back to its built-in ones, of which nono-runc knows nothing.
  if (!(await host.exists(folder)))
    return { name: "profiles", state: "bad", value: `${folder} is not there`, fix: mend };
  const profiles = await new InstalledProfileReader(host.path(launcherDirectory), process.geteuid?.() ?? 0).read();
  const broken = [...profiles].filter(([, profile]) => profile.broken !== undefined);
  if (profiles.size > 0 && broken.length === 0) {
    return { name: "profiles", state: "ok", value: `${profiles.size} in ${folder}` };
  }
  const [first] = broken;
  const value = first === undefined ? `${folder} holds none` : `${first[0]}: ${first[1].broken}`;
  return { name: "profiles", state: "bad", value, fix: mend };
}
