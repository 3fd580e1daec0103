import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import { run } from "../../stack/command.ts";
import { clientsDirectory } from "../../stack/cluster/clients.ts";
import type { Cluster } from "../../stack/cluster/cluster.ts";
import { chartValues } from "../../stack/cluster/installation.ts";
import { checkout } from "../../stack/directories.ts";
import { images } from "../../stack/images/recipes.ts";

// README's three commands for a cluster and the quick start's pod, as they stand there. values.yaml names our image, and the pod has one
// that the node has.

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-readme-"));
  symlinkSync(join(checkout, "charts"), join(directory, "charts"));
  writeFileSync(join(directory, "values.yaml"), JSON.stringify(chartValues));
});

afterAll(() => rmSync(directory, { recursive: true }));

/** What the commands print, errors too, called as by somebody who follows what `make cluster-up` says. */
function said({ directories }: Cluster, commands: string): Promise<string> {
  const path = `export PATH=${clientsDirectory(directories)}:$PATH`;
  return run("bash", ["--norc", "-uc", `cd ${directory}\n${path}\nexec 2>&1\n${commands}`]);
}

/** The first block of a language after a line of a page. */
function blockAfter(page: string, line: string, language: string): string {
  const text = readFileSync(join(checkout, page), "utf8");
  const [, block = ""] =
    new RegExp(`^\`\`\`${language}[^\\n]*\\n([^]*?)\`\`\``, "m").exec(text.slice(text.indexOf(line))) ?? [];
  return block;
}

test("README, on a cluster", async ({ own }) => {
  const commands = blockAfter("README.md", "## On a cluster", "sh");
  expect(commands.trim().split("\n")).toHaveLength(3);
  await own.kubectl.helm(["uninstall", "kubefence", "--namespace=kube-system", "--wait"]);
  const printed = await said(own, `set -e\n${commands}`);
  expect(printed).toContain('daemon set "kubefence" successfully rolled out');
  expect(printed).toMatch(/Phase:\s+Succeeded/);
});

test("the quick start's pod: what it may and may not do", async ({ own }) => {
  const page = "docs/guide/quick-start.md";
  const pod = blockAfter(page, "`fenced.yaml`", "yaml");
  writeFileSync(join(directory, "fenced.yaml"), pod.replace("busybox:1.37", images.busybox));
  expect((await said(own, blockAfter(page, "What it may and may not do", "sh"))).split("\n")).toEqual([
    "pod/fenced created",
    "pod/fenced condition met",
    "hello",
    "sh: can't create /etc/hosts: Permission denied",
    "cat: can't open '/etc/shadow': Permission denied",
    "command terminated with exit code 1",
    expect.stringMatching(/^pod "fenced" deleted/),
    "",
  ]);
});
