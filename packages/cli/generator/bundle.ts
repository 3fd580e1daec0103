/** Bundles the command line into one file that runs on stock Node. */
import { chmod } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

/** Writes the program to `outfile`, executable. */
export async function bundle(outfile: string): Promise<void> {
  await esbuild.build({
    entryPoints: [fileURLToPath(new URL("../src/main.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    target: "node22.18",
    format: "iife",
    minifySyntax: true,
    legalComments: "none",
    // The "main" of jsonc-parser is a UMD file that no bundler can follow.
    mainFields: ["module", "main"],
    plugins: [builtinModules],
  });
  await chmod(outfile, 0o755);
}

/**
 * Neither import nor require: a file without extension is an ES module or not depending on a package.json somewhere above
 * it, and Node 22 and 24 run an ES module below `"type": "commonjs"` as nothing at all, with exit code 0.
 */
const builtinModules: esbuild.Plugin = {
  name: "builtin-modules",
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    build.onLoad({ filter: /^/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};
