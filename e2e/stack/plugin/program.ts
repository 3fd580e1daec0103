import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../directories.ts";

/**
 * The command that starts the plugin: the shipped file build/10-nono-nri, or the sources when they are newer than it, so
 * that a change is never tested in its old version. `make` builds first and so always takes the shipped file.
 */
export function pluginCommand(): [program: string, ...args: string[]] {
  const shipped = join(checkout, "build/10-nono-nri");
  const sources = ["packages/nri/src", "packages/plugin/src"].map((directory) => join(checkout, directory));
  const isCurrent = existsSync(shipped) && statSync(shipped).mtimeMs >= Math.max(...sources.map(newestFile));
  return isCurrent ? [shipped] : [process.execPath, join(checkout, "packages/plugin/src/main.ts")];
}

// Tests do not end up in the shipped file.
function newestFile(directory: string): number {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" });
  return Math.max(
    ...files
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => statSync(join(directory, file)).mtimeMs),
  );
}
