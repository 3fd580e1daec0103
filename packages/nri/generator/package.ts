/**
 * Writes the package as it is published into a folder:   npm run build -w packages/nri   then   npm publish packages/nri/dist
 *
 * A folder of its own, because inside the workspace `exports` points to the sources, which others run without a build.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = join(import.meta.dirname, "..");
const repository = join(root, "..", "..");
const target = resolve(process.argv[2] ?? "dist");

interface Manifest {
  name: string;
  version: string;
  description: string;
  keywords: string[];
  license: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, unknown>;
  engines: Record<string, string>;
  exports: Record<string, string>;
}

rmSync(target, { recursive: true, force: true });
execFileSync("tsc", ["-p", join(root, "tsconfig.build.json"), "--outDir", target], { stdio: "inherit" });
const { exports, ...source }: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { repository: upstream }: { repository: string } = JSON.parse(
  readFileSync(join(repository, "package.json"), "utf8"),
);
const entries = Object.entries(exports).map(([entry, path]) => {
  const built = path.replace("./src/", "./").replace(/\.ts$/, "");
  return [entry, { types: `${built}.d.ts`, default: `${built}.js` }];
});
// A fork's workflow publishes from the fork: npm refuses a provenance statement of another repository.
const url = process.env["GITHUB_REPOSITORY"] ? `https://github.com/${process.env["GITHUB_REPOSITORY"]}` : upstream;
const published = {
  name: source.name,
  version: source.version,
  description: source.description,
  keywords: source.keywords,
  license: source.license,
  repository: { type: "git", url: `git+${url}.git`, directory: "packages/nri" },
  homepage: `${url}/tree/main/packages/nri#readme`,
  bugs: `${url}/issues`,
  type: "module",
  exports: { ...Object.fromEntries(entries), "./package.json": "./package.json" },
  sideEffects: false,
  engines: source.engines,
  // Exact in the workspace; a user's own version of the library is as good if it is newer.
  dependencies: Object.fromEntries(Object.entries(source.dependencies).map(([name, at]) => [name, `^${at}`])),
  peerDependencies: source.peerDependencies,
  peerDependenciesMeta: source.peerDependenciesMeta,
};
writeFileSync(join(target, "package.json"), `${JSON.stringify(published, undefined, 2)}\n`);
copyFileSync(join(root, "README.md"), join(target, "README.md"));
cpSync(join(root, "examples"), join(target, "examples"), { recursive: true });
copyFileSync(join(repository, "LICENSE"), join(target, "LICENSE"));
