/** Writes build/10-nono-nri: the daemon as one executable file that needs nothing but Node. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type Plugin } from "esbuild";

const output = fileURLToPath(new URL("../../../build/10-nono-nri", import.meta.url));

/**
 * A shell script and a program in one: a runtime launches plugins without arguments and without PATH, so Node is looked
 * for beside the file and in the usual places. For JavaScript these lines are strings with comments.
 */
const header = [
  "#!/bin/sh",
  `":" //; file=$0; [ -h "$file" ] && file=$(readlink -f "$file")`,
  `":" //; for node in "\${file%/*}/node" /usr/local/bin/node /usr/bin/node node; do command -v "$node" >/dev/null && exec "$node" "$file" "$@"; done`,
  `":" //; echo "nono-nri: node was not found beside $file, in /usr/local/bin, /usr/bin or PATH" >&2; exit 1`,
].join("\n");

const options = {
  bundle: true,
  platform: "node",
  target: "node22.18",
  format: "cjs",
  // Half of V8's memory for a program is its text and its names.
  minify: true,
  legalComments: "none",
  logLevel: "warning",
} as const satisfies BuildOptions;

/**
 * What is loaded by `import()` becomes a text in the bundle, which V8 does not look into before it is asked for:
 * prom-client would otherwise cost every daemon 1 MiB, served or not.
 */
const lazyImports: Plugin = {
  name: "lazy-imports",
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\/observe\// }, ({ kind, path, resolveDir }) =>
      kind === "dynamic-import" ? { path: `${resolveDir}/${path}`, namespace: "lazy" } : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: "lazy" }, async ({ path }) => {
      const result = await build({ ...options, entryPoints: [path], write: false });
      const text = JSON.stringify(result.outputFiles[0]?.text);
      return {
        contents: `const lazy = { exports: {} };\nnew Function("module", "exports", "require", ${text})(lazy, lazy.exports, require);\nmodule.exports = lazy.exports;\n`,
      };
    });
  },
};

const { outputFiles } = await build({
  ...options,
  entryPoints: [fileURLToPath(new URL("../src/main.ts", import.meta.url))],
  plugins: [lazyImports],
  write: false,
});
const directory = new URL("../../../build/", import.meta.url);
mkdirSync(directory, { recursive: true });
// Without it Node takes the file for an ES module, as the checkout's package.json says. On a node there is none.
writeFileSync(new URL("package.json", directory), '{ "private": true }\n');
// The image has Node beside the program; here it is the project's own.
const node = new URL("node", directory);
rmSync(node, { force: true });
symlinkSync(process.execPath, node);
writeFileSync(output, `${header}\n${outputFiles[0]?.text}`);
chmodSync(output, 0o755);
