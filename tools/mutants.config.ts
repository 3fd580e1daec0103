import { defineConfig, type ViteUserConfig } from "vitest/config";

/** What Stryker runs for each mutant: unit tests of the plugin and the command line, nothing that needs root or a build. */
const config: ViteUserConfig = defineConfig({
  test: {
    testTimeout: 30_000,
    include: ["packages/{plugin,cli}/src/**/*.test.ts"],
    // These change the working directory or the umask, which Stryker's worker threads cannot.
    exclude: ["run", "files/files", "commands/install-launcher"].map((name) => `packages/cli/src/${name}.test.ts`),
  },
});

export default config;
