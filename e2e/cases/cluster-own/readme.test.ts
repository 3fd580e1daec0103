import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import { run } from "../../stack/command.ts";
import { chartValues } from "../../stack/cluster/installation.ts";
import { checkout } from "../../stack/directories.ts";

// README's three commands for a cluster, as they stand there. kubectl and helm are told which cluster; values.yaml names our image.

test("README, on a cluster", async ({ own }) => {
  const readme = readFileSync(join(checkout, "README.md"), "utf8");
  const [, commands = ""] = /## On a cluster\n[^]*?```sh[^\n]*\n([^]*?)```/.exec(readme) ?? [];
  expect(commands.trim().split("\n")).toHaveLength(3);

  await own.kubectl.helm(["uninstall", "kubefence", "--namespace=kube-system", "--wait"]);
  const directory = mkdtempSync(join(tmpdir(), "kubefence-readme-"));
  try {
    symlinkSync(join(checkout, "charts"), join(directory, "charts"));
    writeFileSync(join(directory, "values.yaml"), JSON.stringify(chartValues));
    const clients = (["kubectl", "helm"] as const).map(
      (program) => `${program}() { ${own.kubectl.commandLine([], program).join(" ")} "$@"; }\n`,
    );
    const said = await run("bash", ["-euc", `cd ${directory}\n${clients.join("")}${commands}`]);
    expect(said).toContain('daemon set "kubefence" successfully rolled out');
    expect(said).toMatch(/Phase:\s+Succeeded/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
