/** Writes build/10-nono-nri: the daemon as one executable file that needs nothing but Node. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { header } from "./header.ts";

const directory = new URL("../../../build/", import.meta.url);
const output = new URL("10-nono-nri", directory);

const options = {
  bundle: true,
  platform: "node",
  target: "node22.18",
  format: "cjs",
  // V8 takes ten bytes of memory for each byte that it parses.
  minify: true,
  legalComments: "none",
  logLevel: "warning",
} as const satisfies BuildOptions;

/** Of prom-client's index, what we use: the rest brings a statistics library and OpenTelemetry along. */
const smallPrometheusClient: Plugin = {
  name: "small-prometheus-client",
  setup(bundler) {
    bundler.onResolve({ filter: /^prom-client$/ }, ({ path, resolveDir }) => ({
      path,
      namespace: "small",
      pluginData: resolveDir,
    }));
    bundler.onLoad({ filter: /.*/, namespace: "small" }, ({ pluginData: resolveDir }: { pluginData: string }) => ({
      contents: ["Counter", "Gauge", "Histogram", "Registry"]
        .map((name) => `exports.${name} = require("prom-client/lib/${name.toLowerCase()}.js");`)
        .join("\n"),
      resolveDir,
    }));
  },
};

/**
 * What is loaded by `import()` becomes a text in the bundle, which V8 does not look into before it is asked for:
 * metrics would otherwise cost every daemon 1 MiB, served or not.
 */
const lazyImports: Plugin = {
  name: "lazy-imports",
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\/observe\// }, ({ kind, path, resolveDir }) =>
      kind === "dynamic-import" ? { path: `${resolveDir}/${path}`, namespace: "lazy" } : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: "lazy" }, async ({ path }) => {
      const plugins = [smallPrometheusClient];
      const { outputFiles } = await build({ ...options, plugins, entryPoints: [path], write: false });
      const text = JSON.stringify(outputFiles[0]?.text);
      return {
        contents: `new Function("module", "exports", "require", ${text})(module, exports, require);`,
      };
    });
  },
};

const { outputFiles } = await build({
  ...options,
  entryPoints: [fileURLToPath(new URL("../src/main.ts", import.meta.url))],
  inject: [fileURLToPath(new URL("clock.ts", import.meta.url))],
  plugins: [lazyImports],
  write: false,
});

mkdirSync(directory, { recursive: true });
// Without it Node takes the file for an ES module, as the checkout's package.json says. On a node there is none.
writeFileSync(new URL("package.json", directory), '{ "private": true }\n');
// The image has Node beside the program; here it is the project's own.
const node = new URL("node", directory);
rmSync(node, { force: true });
symlinkSync(process.execPath, node);
writeFileSync(output, `${header}\n${outputFiles[0]?.text}`);
chmodSync(output, 0o755);
