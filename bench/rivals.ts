import { copyFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Programs } from "./programs.ts";

/** The two plugins that every figure compares: ours and the same in Go. */
export type Rival = "ours" | "go";
export const rivals: readonly Rival[] = ["ours", "go"];

/** How each of the two is started, with a configuration that differs in nothing but the socket. */
export interface RivalCommands {
  readonly directory: string;
  readonly ours: readonly string[];
  readonly go: readonly string[];
}

/** Writes the launcher's folder and both configurations below an empty directory. */
export function prepareRivals(programs: Programs, directory: string): RivalCommands {
  const launcherDirectory = path.join(directory, "nono-nri");
  mkdirSync(launcherDirectory, { mode: 0o755 });
  copyFileSync(programs.launcher, path.join(launcherDirectory, "nono"));
  cpSync(programs.profiles, path.join(launcherDirectory, "profiles"), { recursive: true });
  const configured = (rival: Rival, argv: readonly string[]): string[] => {
    const file = path.join(directory, `${rival}.toml`);
    const keys = {
      runtime_classes: ["nono-runc"],
      default_profile: "default",
      nono_bin_path: path.join(launcherDirectory, "nono"),
      socket_path: path.join(directory, `${rival}.sock`),
    };
    // JSON's strings and arrays of strings are TOML's too.
    writeFileSync(
      file,
      Object.entries(keys)
        .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
        .join(""),
    );
    return [...argv, "--config", file];
  };
  return { directory, ours: configured("ours", programs.plugin), go: configured("go", [programs.goPlugin]) };
}
