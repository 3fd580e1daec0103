import { defineConfig, type ViteUserConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

function isSlow({ moduleId }: TestSpecification): boolean {
  return moduleId.includes(".property.");
}

/** Stryker is content with the first test that fails: those that try thousands of inputs are asked last. */
class QuickFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((left, right) => Number(isSlow(left)) - Number(isSlow(right))));
  }
}

/** What Stryker runs for each mutant: unit tests of the plugin and the command line, nothing that needs root or a build. */
const config: ViteUserConfig = defineConfig({
  test: {
    testTimeout: 30_000,
    include: process.env["TESTS"]?.split(",") ?? ["packages/{plugin,cli}/src/**/*.test.ts"],
    setupFiles: ["tools/mutants.setup.ts"],
    sequence: { sequencer: QuickFirst },
    // These change the working directory or the umask, which Stryker's worker threads cannot.
    exclude: ["run", "files/files", "commands/install-launcher"].map((name) => `packages/cli/src/${name}.test.ts`),
  },
});

export default config;
