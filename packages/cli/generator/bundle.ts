/** Bundles the command line into one file that runs on stock Node. */
import { chmod } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Writes the program to `outfile`, executable. */
export async function bundle(outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL("../src/main.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    target: "node22.18",
    format: "esm",
    minifySyntax: true,
    legalComments: "none",
    // The "main" of jsonc-parser is a UMD file that no bundler can follow.
    mainFields: ["module", "main"],
  });
  await chmod(outfile, 0o755);
}
