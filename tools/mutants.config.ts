import { defineConfig, type ViteUserConfig } from "vitest/config";

/** What Stryker runs for each mutant: unit tests of the plugin and the command line, nothing that needs root or a build. */
const config: ViteUserConfig = defineConfig({
  test: {
    testTimeout: 30_000,
    include: ["packages/{plugin,cli}/src/**/*.test.ts"],
    // Changes the working directory, which Stryker's worker threads cannot.
    exclude: ["packages/cli/src/run.test.ts"],
  },
});

export default config;
