import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          // A small, busy machine is no reason to fail.
          testTimeout: 30_000,
          include: [
            "packages/*/src/**/*.test.ts",
            "packages/*/generator/**/*.test.ts",
            "charts/**/*.test.ts",
            "e2e/{stack,workloads,differential}/**/*.test.ts",
            "bench/**/*.test.ts",
          ],
        },
      },
      {
        test: {
          name: "e2e",
          include: ["e2e/cases/*.test.ts"],
          globalSetup: ["e2e/setup.ts"],
          // One real containerd serves all cases, and the machine has two cores.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: "cluster",
          include: ["e2e/cases/cluster/*.test.ts"],
          globalSetup: ["e2e/cluster-setup.ts"],
          // One node runs all pods.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});

export default config;
