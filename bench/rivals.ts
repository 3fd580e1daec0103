import { copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Programs } from "./programs.ts";

/** The two plugins that every figure compares: ours and the same in Go. */
export type Rival = "ours" | "go";
export const rivals: readonly Rival[] = ["ours", "go"];

/** How each of the two is started, with a configuration that differs in nothing but the socket. */
export interface RivalCommands {
  readonly directory: string;
  readonly ours: readonly string[];
  /** Ours without a configuration. */
  readonly program: readonly string[];
  readonly go: readonly string[];
}

/**
 * Installs the launcher's folder, our plugin and both configurations below an empty directory. `plugin` is an argv to
 * measure in its place.
 */
export function prepareRivals(
  programs: Programs,
  plugin: readonly string[] | undefined,
  directory: string,
): RivalCommands {
  const launcherDirectory = path.join(directory, "nono-nri");
  mkdirSync(launcherDirectory, { mode: 0o755 });
  copyFileSync(programs.launcher, path.join(launcherDirectory, "nono"));
  cpSync(programs.profiles, path.join(launcherDirectory, "profiles"), { recursive: true });
  const program = plugin ?? installPlugin(programs.plugin, directory);
  return {
    directory,
    program,
    ours: configurePlugin(directory, "ours", program),
    go: configurePlugin(directory, "go", [programs.goPlugin]),
  };
}

/** Writes the configuration of a plugin of that name, whose socket lies in `directory`; answers its command line. */
export function configurePlugin(
  directory: string,
  name: string,
  argv: readonly string[],
  more: Readonly<Record<string, string>> = {},
): string[] {
  const file = path.join(directory, `${name}.toml`);
  const keys = {
    runtime_classes: ["nono-runc"],
    default_profile: "default",
    nono_bin_path: path.join(directory, "nono-nri/nono"),
    socket_path: path.join(directory, `${name}.sock`),
    ...more,
  };
  // JSON's strings and arrays of strings are TOML's too.
  writeFileSync(
    file,
    Object.entries(keys)
      .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
      .join(""),
  );
  return [...argv, "--config", file];
}

/** The plugin takes the Node that lies beside it: here the one that runs the benchmark and is measured bare. */
function installPlugin(plugin: string, directory: string): string[] {
  const installed = path.join(directory, path.basename(plugin));
  copyFileSync(plugin, installed);
  symlinkSync(process.execPath, path.join(directory, "node"));
  return [installed];
}
