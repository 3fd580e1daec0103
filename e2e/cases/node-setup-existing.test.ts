import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { test } from "../fixtures.ts";
import { nodeName } from "../setup.ts";
import { BareNode } from "../stack/bare-node.ts";
import { containerdPid } from "../stack/containerd/daemon.ts";
import { plainConfiguration } from "../stack/containerd/plain-configuration.ts";
import type { TestNode } from "../stack/node.ts";
import type { NodeSetup } from "../stack/node-setup.ts";

// What is on a node already, and what works on it at the same time: a handler made by hand, the plugin's init container.

let bare: BareNode;
let node: TestNode;

beforeAll(async () => {
  bare = await BareNode.connect(nodeName);
  ({ node } = bare);
});
afterAll(() => bare.giveBack());

async function badRows(setup: NodeSetup): Promise<string[]> {
  const { stdout } = await setup.run("check", "--json");
  const { rows }: { rows: { name: string; state: string }[] } = JSON.parse(stdout);
  return rows.filter(({ state }) => state === "bad").map(({ name }) => name);
}

test(
  "a handler that was loaded before nono-runc was there: containerd is restarted to ask what it can do",
  { timeout: 200_000 },
  async () => {
    const main = plainConfiguration(node.directories, 3);
    const handler = `[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.nono-runc`;
    const program = `${node.directories.run}/opt/kubefence/bin/nono-runc`;
    const setup = await bare.restart(
      `${main}${handler}]\nruntime_type = "io.containerd.runc.v2"\npod_annotations = ["nono.sh/*"]\n${handler}.options]\nBinaryName = "${program}"\nNoNewKeyring = true\n`,
    );
    const before = await node.cri.handlerFeatures();
    expect(before.get("nono-runc")).not.toEqual(before.get("runc"));

    expect((await setup.run("plan")).stdout).toContain(
      "note: the container runtime started before nono-runc was there",
    );
    expect(await setup.run("install")).toMatchObject({ exitCode: 0, stderr: "" });
    await node.cri.reconnect();
    const after = await node.cri.handlerFeatures();
    expect(after.get("nono-runc")).toEqual(after.get("runc"));

    // Once is enough.
    const pid = containerdPid(node.directories);
    expect(await setup.run("plan")).toMatchObject({ exitCode: 0 });
    setup.renew();
    expect(await setup.run("install")).toMatchObject({ exitCode: 0, stderr: "" });
    expect(containerdPid(node.directories)).toBe(pid);
    expect(await setup.run("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
  },
);

test("what the plugin's init container has brought is put on the list", { timeout: 200_000 }, async () => {
  const setup = await bare.restart(plainConfiguration(node.directories, 3));
  expect(await setup.run("install")).toMatchObject({ exitCode: 0, stderr: "" });
  setup.renew(["nono"]);
  expect(await setup.installLauncher()).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await badRows(setup)).toEqual(["plugin", "launcher"]);
  const { stdout } = await setup.run("install");
  expect(stdout).toContain("installed.json\n");
  expect(await badRows(setup)).toEqual(["plugin"]);
  expect(await setup.run("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
});

test("both at once: nono-runc's configuration fits the launcher that is there", { timeout: 200_000 }, async () => {
  const setup = await bare.restart(plainConfiguration(node.directories, 3));
  const before = setup.snapshot();
  for (let round = 0; round < 3; round += 1) {
    const [install, launcher] = await Promise.all([setup.run("install"), setup.installLauncher()]);
    expect([install, launcher]).toMatchObject([
      { exitCode: 0, stderr: "" },
      { exitCode: 0, stderr: "" },
    ]);
    expect(await badRows(setup)).toEqual(["plugin"]);
    expect(Object.keys(setup.snapshot()).filter((path) => path.includes(".kubefence-"))).toEqual([]);
    expect(readFileSync(join(node.directories.launcher, "nono"))).toEqual(readFileSync(join(setup.release, "nono")));
    setup.renew();
  }
  expect(await setup.run("uninstall")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(setup.snapshot()).toEqual(before);
});
