/**
 * Writes the package as it is published into a folder:   npm run build -w packages/nri   then   npm publish packages/nri/dist
 *
 * A folder of its own, because inside the workspace `exports` points to the sources, which others run without a build.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = join(import.meta.dirname, "..");
const target = resolve(process.argv[2] ?? "dist");

interface Manifest {
  name: string;
  version: string;
  description: string;
  license: string;
  dependencies: Record<string, string>;
  engines: Record<string, string>;
  exports: Record<string, string>;
}

rmSync(target, { recursive: true, force: true });
execFileSync("tsc", ["-p", join(root, "tsconfig.build.json"), "--outDir", target], { stdio: "inherit" });
const source: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { name, version, description, license, dependencies, engines } = source;
const entries = Object.entries(source.exports).map(([entry, path]) => {
  const built = path.replace("./src/", "./").replace(/\.ts$/, "");
  return [entry, { types: `${built}.d.ts`, default: `${built}.js` }];
});
const published = { name, version, description, license, type: "module", exports: Object.fromEntries(entries) };
writeFileSync(
  join(target, "package.json"),
  `${JSON.stringify({ ...published, sideEffects: false, dependencies, engines }, undefined, 2)}\n`,
);
copyFileSync(join(root, "README.md"), join(target, "README.md"));
copyFileSync(join(root, "..", "..", "LICENSE"), join(target, "LICENSE"));
