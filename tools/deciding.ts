/** The parts that decide what is enforced: coverage and mutants are counted for these. */
export const deciding: string[] = [
  "packages/plugin/src/policy/**/*.ts",
  "packages/plugin/src/adjust/**/*.ts",
  "packages/plugin/src/seccomp/**/*.ts",
  "packages/cli/src/node/**/*.ts",
  "packages/cli/src/profile/**/*.ts",
];

/** The same of native/: all crates that decide and enforce. */
export const decidingCrates: string[] = ["policy", "launcher", "seccomp", "runtime", "shim"];
