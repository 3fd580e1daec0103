import { Event, NriError } from "@kubefence/nri";
import { FakeRuntime, type ConnectedPlugin, type FakeRuntimeOptions } from "@kubefence/nri/testing";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DaemonProcess, NodeFiles } from "./testing/process.ts";

// CRI-O's dialect of NRI, spoken by the SDK's fake runtime: NRI 0.11, which does not say its version and has no calls of
// their own for most events; no container's seccomp filter is shown; a container has no name but in its annotation.

const CRI_O: FakeRuntimeOptions = { name: "cri-o", version: "1.35.6", nriVersion: "" };

const pod = {
  id: "sandbox1",
  uid: "pod-uid",
  name: "web",
  namespace: "team-a",
  runtimeHandler: "nono-runc",
  annotations: { "nono.sh/profile": "default", "io.kubernetes.cri-o.SandboxID": "sandbox1" },
};
const container = {
  id: "container1",
  podSandboxId: "sandbox1",
  args: ["nginx"],
  env: ["PATH=/usr/bin"],
  annotations: { "io.kubernetes.container.name": "web", "io.kubernetes.cri-o.ContainerType": "container" },
  user: { uid: 65532 },
  linux: { namespaces: [{ type: "pid" }] },
};

async function underCriO(
  more: string,
  options: FakeRuntimeOptions | ((files: NodeFiles) => FakeRuntimeOptions),
  use: (plugin: ConnectedPlugin, daemon: DaemonProcess, files: NodeFiles) => Promise<void>,
): Promise<void> {
  using files = new NodeFiles();
  files.configure(more);
  const changes = typeof options === "function" ? options(files) : options;
  await using runtime = await FakeRuntime.start({ ...CRI_O, ...changes, socketPath: files.socket });
  await using daemon = new DaemonProcess(["--config", files.configuration]);
  await use(await runtime.nextPlugin(), daemon, files);
}

describe("under CRI-O", { timeout: 60_000 }, () => {
  test("says so in the log, and asks for no event whose error CRI-O would only log", async () => {
    await underCriO("", {}, async (plugin, daemon) => {
      await expect
        .poll(() => daemon.records("configured"), { timeout: 20_000 })
        .toMatchObject([{ runtime: "cri-o/1.35.6", nri_version: "" }]);
      const events = [
        Event.CREATE_CONTAINER,
        Event.STOP_CONTAINER,
        Event.REMOVE_CONTAINER,
        Event.VALIDATE_CONTAINER_ADJUSTMENT,
      ];
      expect(plugin.configuration?.events).toBe(events.reduce((mask, event) => mask | (1 << (event - 1)), 0));
      expect(daemon.records("runtime not supported")).toEqual([]);
    });
  });

  test("a container is sandboxed, validated, recorded and, by a StateChange, forgotten", async () => {
    await underCriO("", {}, async (plugin, daemon, files) => {
      const { adjust } = await plugin.createContainer(pod, container);
      expect(adjust?.args).toEqual("/nono/nono wrap --profile default -- nginx".split(" "));
      const owner = "10-nono-nri";
      const owners = {
        owners: {
          container1: {
            simple: new Map([[7, owner]]),
            compound: new Map([
              [2, { owners: { "/nono": owner } }],
              [6, { owners: { PATH: owner, NONO_PROFILE: owner } }],
            ]),
          },
        },
      };
      const merged = {
        args: [...(adjust?.args ?? [])],
        mounts: [
          { destination: "/nono", type: "bind", source: files.launcher.path, options: ["bind", "ro", "rprivate"] },
        ],
        env: [
          { key: "NONO_PROFILE", value: "default" },
          { key: "PATH", value: "/nono:/usr/bin" },
        ],
      };
      expect((await plugin.validateContainerAdjustment({ pod, container, adjust: merged, owners })).reject).toBe(false);
      const record = join(files.launcher.root, "state/pod-uid/container1/metadata.json");
      await expect.poll(() => existsSync(record), { timeout: 20_000 }).toBe(true);
      await plugin.stopContainer(pod, container);
      await plugin.notify(Event.REMOVE_CONTAINER, pod, container);
      await expect.poll(() => existsSync(record), { timeout: 20_000 }).toBe(false);
      await expect.poll(() => daemon.records("container-removed"), { timeout: 20_000 }).toHaveLength(1);
      // An event that it did not ask for is no error either.
      await plugin.notify(Event.START_CONTAINER, pod, container);
    });
  });

  test("a filter that is not shown is never replaced: the launcher adds the policy", async () => {
    await underCriO('seccomp_profile = "restricted"', {}, async (plugin) => {
      const { adjust } = await plugin.createContainer(pod, container);
      expect(adjust?.args).toEqual("/nono/nono wrap --profile default --seccomp restricted -- nginx".split(" "));
      expect(adjust?.linux?.seccompPolicy).toBeUndefined();
    });
  });

  test("a refusal is an error status, and what was never answered for does not pass validation", async () => {
    await underCriO("", {}, async (plugin) => {
      const mounts = [{ destination: "/nono", type: "bind", source: "/evil", options: ["rbind"] }];
      const refused = plugin.createContainer(pod, { ...container, mounts });
      await expect(refused).rejects.toThrow(/MOUNT_OVER_LAUNCHER/);
      await expect(refused).rejects.toBeInstanceOf(NriError);
      expect(await plugin.validateContainerAdjustment({ pod, container })).toMatchObject({
        reject: true,
        reason: expect.stringContaining("ADJUSTMENT_LOST"),
      });
    });
  });

  test("what started without the plugin is found, and what it started is not", async () => {
    const args = "/nono/nono wrap --profile default -- nginx".split(" ");
    const options = (files: NodeFiles): FakeRuntimeOptions => {
      const mounts = [{ destination: "/nono", type: "bind", source: files.launcher.path, options: ["bind"] }];
      const elsewhere = [{ destination: "/nono", type: "bind", source: "/evil", options: ["bind"] }];
      return {
        pods: [pod],
        containers: [
          container,
          { ...container, id: "container2", args, mounts },
          { ...container, id: "container3", args, mounts: elsewhere },
        ],
      };
    };
    await underCriO("", options, async (_plugin, daemon) => {
      await expect
        .poll(() => daemon.records("synchronized"), { timeout: 20_000 })
        .toMatchObject([{ containers: 3, unsandboxed: 2 }]);
      const found = daemon.records("unsandboxed").map((record) => record["container_id"]);
      expect(found).toEqual(["container1", "container3"]);
    });
  });

  test("a CRI-O that ignores changes of the command is refused, with what to do", async () => {
    await underCriO("", { version: "1.34.9" }, async (plugin) => {
      await expect(plugin.createContainer(pod, container)).rejects.toThrow(
        /RUNTIME_TOO_OLD: .*CRI-O 1\.35\.0 or later/,
      );
    });
  });
});
