import { defineConfig, type ViteUserConfig } from "vitest/config";
import { deciding } from "./tools/deciding.ts";

const config: ViteUserConfig = defineConfig({
  test: {
    // For `make coverage` only.
    coverage: {
      provider: "v8",
      include: deciding,
      exclude: ["**/*.test.ts", "**/testing.ts", "**/testing/**", "**/generated/**"],
      reporter: ["text", "json-summary"],
      reportsDirectory: "build/coverage",
      reportOnFailure: true,
      thresholds: { lines: 90 },
    },
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
            "e2e/{soak,stack,workloads,differential,kata,demos,results}/**/*.test.ts",
            "bench/**/*.test.ts",
            "docs/*.test.ts",
          ],
        },
      },
      {
        test: { name: "release", include: ["release/**/*.test.ts"], testTimeout: 60_000 },
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
          name: "kata",
          // What goes into Kata's guests, without a node. In kata-kernel: what needs a kernel that is built first.
          include: ["e2e/cases/kata/*.test.ts"],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "kata-kernel",
          include: ["e2e/cases/kata-kernel/*.test.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: "kata-cluster",
          // Pods in virtual machines, on somebody's cluster with Kata: make kata-e2e KUBECONFIG=FILE.
          include: ["e2e/cases/kata-cluster/*.test.ts"],
          globalSetup: ["e2e/kata-cluster-setup.ts"],
          fileParallelism: false,
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: "cluster",
          // Those in cluster-own change the installation or stop the node: never on somebody's cluster.
          include: [
            "e2e/cases/cluster/*.test.ts",
            ...(process.env["KUBEFENCE_E2E_KUBECONFIG"] ? [] : ["e2e/cases/cluster-own/*.test.ts"]),
          ],
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
