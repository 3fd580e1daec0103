import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ContainerAdjustmentInit, NriPlugin } from "@kubefence/nri";
import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";
import { runProbe } from "../stack/probe.ts";

// Another NRI plugin of the node, with a later index, undoes what ours put in. The container must not start.

const test = testWithPlugin();

const bind = { type: "bind", options: ["bind", "ro", "rprivate"] };
const takeOvers: [what: string, adjust: (fake: string) => ContainerAdjustmentInit][] = [
  ["takes the command over", () => ({ args: ["", "cat", "/etc/shadow"] })],
  ["sets the command", () => ({ args: ["cat", "/etc/shadow"] })],
  ["puts a program before the launcher", () => ({ args: ["", "/bin/sh", "/nono/nono", "wrap"] })],
  ["removes the launcher's mount", () => ({ mounts: [{ destination: "-/nono" }] })],
  [
    "mounts a launcher of its own",
    (source) => ({ mounts: [{ destination: "-/nono" }, { ...bind, destination: "/nono", source }] }),
  ],
  ["mounts over the launcher", (source) => ({ mounts: [{ ...bind, destination: "/nono/", source }] })],
  ["removes NONO_PROFILE", () => ({ env: [{ key: "-NONO_PROFILE", value: "" }] })],
  [
    "sets PATH anew",
    () => ({
      env: [
        { key: "-PATH", value: "" },
        { key: "PATH", value: "/tmp" },
      ],
    }),
  ],
];

test.for(takeOvers)(
  "a plugin that %s keeps the container from being created",
  async ([, adjust], { node, runSandboxedPod }) => {
    const fake = join(node.directories.run, "fake-launcher");
    mkdirSync(fake, { recursive: true });
    writeFileSync(join(fake, "nono"), "#!/bin/sh\ncat /etc/shadow\n", { mode: 0o755 });
    const rogue = await startOtherPlugin(node.directories.nriSocket, adjust(fake));
    try {
      const pod = await runSandboxedPod({});
      const created = pod.createContainer({ name: "main", image: images.busybox, command: ["true"] });
      // NRI's own text for two plugins that set the command ends with a blank, which HTTP/2 does not carry: no text at all.
      await expect(created).rejects.toThrow(/ADJUSTMENT_LOST|^2 UNKNOWN: $/);
    } finally {
      await rogue.close();
    }
  },
);

test("a plugin that changes something else is none of our business", async ({ node, runSandboxedPod }) => {
  const other = await startOtherPlugin(node.directories.nriSocket, { env: [{ key: "OTHER", value: "yes" }] });
  try {
    const pod = await runSandboxedPod({});
    expect(await runProbe(pod, { operations: ["env:OTHER", "read:/etc/shadow"] })).toEqual({
      "env:OTHER": "yes",
      "read:/etc/shadow": "EACCES",
    });
  } finally {
    await other.close();
  }
});

async function startOtherPlugin(socketPath: string, adjust: ContainerAdjustmentInit): Promise<NriPlugin> {
  const handlers = { createContainer: () => ({ adjust }) };
  const plugin = new NriPlugin({ name: "other", index: "20", socketPath, handlers });
  const synchronized = new Promise<void>((resolve) => void plugin.on("synchronized", () => resolve()));
  plugin.start();
  await synchronized;
  return plugin;
}
