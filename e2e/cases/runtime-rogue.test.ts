import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ContainerAdjustmentInit, NriPlugin } from "@kubefence/nri";
import { describe, expect } from "vitest";
import { testWithRuntime } from "../fixtures.ts";
import type { TestNode } from "../stack/node.ts";
import { busyboxWith, images } from "../stack/images/recipes.ts";
import type { PluginProcess } from "../stack/plugin/process.ts";

// Other NRI plugins, with ours and in its place, that try to get a container past nono-runc.

const test = testWithRuntime();

const reader = { name: "main", image: images.busybox, command: ["cat", "/etc/shadow"] };
const bind = { type: "bind", options: ["bind", "ro", "rprivate"] };
const wrap = (profile: string, ...options: string[]): string[] => [
  ..."/nono/nono wrap --profile".split(" "),
  profile,
  ...options,
  "--",
  ...reader.command,
];

type Adjust = (launcher: string, fake: string, containerId: string) => ContainerAdjustmentInit;

const launcherMount = (source: string, options = bind.options): ContainerAdjustmentInit["mounts"] => [
  { ...bind, options, destination: "/nono", source },
];

/** What ours answers for these containers. */
const asOurs: Adjust = (launcher) => ({ args: wrap("default"), mounts: launcherMount(launcher) });

const impostors: [what: string, reason: RegExp, adjust: Adjust][] = [
  ["leaves the container alone", /UNSANDBOXED: /, () => ({})],
  ["only mounts the launcher", /UNSANDBOXED: /, (launcher) => ({ mounts: launcherMount(launcher) })],
  ["only sets the command", /LAUNCHER_MOUNT: /, () => ({ args: wrap("default") })],
  [
    "mounts a launcher of its own",
    /MOUNT_OVER_LAUNCHER: /,
    (_launcher, fake) => ({ args: wrap("default"), mounts: launcherMount(fake) }),
  ],
  [
    "mounts the launcher for writing",
    /MOUNT_OVER_LAUNCHER: /,
    (launcher) => ({ args: wrap("default"), mounts: launcherMount(launcher, ["bind", "rw", "rprivate"]) }),
  ],
  [
    "mounts profiles of its own over ours",
    /MOUNT_OVER_LAUNCHER: /,
    (launcher, fake) => ({
      args: wrap("default"),
      mounts: [...(launcherMount(launcher) ?? []), { ...bind, destination: "/nono/profiles", source: fake }],
    }),
  ],
  [
    "names another profile",
    /PROFILE_MISMATCH: /,
    (launcher) => ({ args: wrap("workspace"), mounts: launcherMount(launcher) }),
  ],
  [
    "grants more",
    /OPTIONS_MISMATCH: /,
    (launcher) => ({ args: wrap("default", "--rw", "/etc"), mounts: launcherMount(launcher) }),
  ],
  [
    "says where the working directory was",
    /OPTIONS_MISMATCH: /,
    (launcher) => ({ args: wrap("default", "--workdir", "/etc"), mounts: launcherMount(launcher) }),
  ],
  [
    "has a program started before the command",
    /HOOK_IN_CONTAINER: /,
    (launcher) => ({
      args: wrap("default"),
      mounts: launcherMount(launcher),
      hooks: { startContainer: [{ path: "/bin/cat", args: ["cat", "/etc/shadow"] }] },
    }),
  ],
  [
    "calls the container the pod's sandbox",
    /POD_UNKNOWN: /,
    (_launcher, _fake, containerId) => ({
      annotations: {
        "-io.kubernetes.cri.container-type": "",
        "io.kubernetes.cri.container-type": "sandbox",
        "-io.kubernetes.cri.sandbox-id": "",
        "io.kubernetes.cri.sandbox-id": containerId,
      },
    }),
  ],
];

describe("a plugin under our name that", () => {
  test.for(impostors)("%s", async ([, reason, adjust], { node, plugin, runtime, runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    await inPlaceOf(plugin, node, { name: "nono-nri", index: "10" }, adjust, async () => {
      await expect(pod.complete(reader)).rejects.toThrow(reason);
    });
    expect(runtime.records().at(-1)).toMatchObject({ msg: "refused", reason: expect.stringMatching(/^[A-Z_]+$/) });
    expect((await pod.complete({ ...reader, name: "again" })).exitCode).toBe(1);
  });

  test("does exactly what ours does gets exactly our sandbox", async ({ node, plugin, runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    await inPlaceOf(plugin, node, { name: "nono-nri", index: "10" }, asOurs, async () => {
      const { exitCode, stdout } = await pod.complete(reader);
      expect([exitCode, stdout]).toEqual([1, ""]);
    });
  });
});

test("a plugin with a later index that undoes our arguments, and no validation left", async ({
  node,
  plugin,
  runtime,
  runSandboxedPod,
}) => {
  const pod = await runSandboxedPod({});
  await inPlaceOf(plugin, node, { name: "nono-nri", index: "10" }, asOurs, async () => {
    const undo: Adjust = () => ({ args: ["", ...reader.command] });
    const later = await start(node, { name: "other", index: "99" }, undo);
    await expect(pod.complete(reader)).rejects.toThrow(/nono-runc refused the container: UNSANDBOXED: /);
    await later.close();
  });
  expect(runtime.records().at(-1)).toMatchObject({ reason: "UNSANDBOXED", subcommand: "create" });
});

describe("an image with a /nono/nono of its own", () => {
  const script = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n';
  const recipe = busyboxWith("own-launcher", [{ path: "nono/nono", content: Buffer.from(script), mode: 0o755 }]);

  test("with the plugin, ours lies over it", async ({ node, runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    const image = await node.importImage(recipe);
    for (const command of [reader.command, wrap("default")]) {
      const { exitCode, stdout } = await pod.complete({ ...reader, name: `c${command.length}`, image, command });
      expect(exitCode).not.toBe(0);
      expect(stdout).toBe("");
    }
  });

  test("without the plugin, it is refused", async ({ node, plugin, runSandboxedPod }) => {
    const pod = await runSandboxedPod({});
    const image = await node.importImage(recipe);
    await inPlaceOf(
      plugin,
      node,
      { name: "other", index: "20" },
      () => ({}),
      async () => {
        const refused = pod.complete({ ...reader, image, command: wrap("default") });
        await expect(refused).rejects.toThrow(/nono-runc refused the container: LAUNCHER_MOUNT: /);
      },
    );
  });
});

/** Does something while another plugin runs, and ours does not. */
async function inPlaceOf(
  plugin: PluginProcess,
  node: TestNode,
  identity: { name: string; index: string },
  adjust: Adjust,
  during: () => Promise<void>,
): Promise<void> {
  await plugin.stop();
  const impostor = await start(node, identity, adjust);
  try {
    await during();
  } finally {
    await impostor.close();
    await plugin.restart();
  }
}

async function start(node: TestNode, identity: { name: string; index: string }, adjust: Adjust): Promise<NriPlugin> {
  const { launcher, run, nriSocket: socketPath } = node.directories;
  const fake = join(run, "fake-launcher");
  mkdirSync(fake, { recursive: true });
  writeFileSync(join(fake, "nono"), "#!/bin/sh\ncat /etc/shadow\n", { mode: 0o755 });
  const plugin = new NriPlugin({
    ...identity,
    socketPath,
    handlers: {
      createContainer: (pod, { id }) =>
        pod.runtimeHandler === "nono-runc" ? { adjust: adjust(launcher, fake, id) } : undefined,
    },
  });
  const synchronized = new Promise<void>((resolve) => void plugin.on("synchronized", () => resolve()));
  plugin.start();
  await synchronized;
  return plugin;
}
