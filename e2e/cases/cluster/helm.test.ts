import { expect } from "vitest";
import { test } from "../../cluster-fixtures.ts";

// What Helm's users run besides the installation.

test("helm test: a write is denied", async ({ cluster }) => {
  const { kubectl, namespace } = cluster;
  const report = await kubectl.helm(["test", "kubefence", `--namespace=${namespace}`]);
  expect(report).toMatch(/Phase:\s+Succeeded/);
  const said = await kubectl.run(["logs", "kubefence-test", `--namespace=${namespace}`]);
  expect(said).toBe("OK: the kernel denied a write to /usr/local/bin\n");
});
