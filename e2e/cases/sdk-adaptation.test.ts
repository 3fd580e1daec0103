/** The SDK against the official Go runtime library, in the versions that released runtimes use and the newest. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdjustmentBuilder, NriError, NriPlugin, type PluginHandlers, type PluginOptions } from "@kubefence/nri";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  buildGoRuntimes,
  GoRuntime,
  type GoRuntimeOptions,
  NRI_VERSIONS,
} from "../../tools/nri-adaptation/go-runtime.ts";

let directory: string;
const open: { close(): Promise<void> }[] = [];

beforeAll(buildGoRuntimes);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sdk-"));
});
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
  await rm(directory, { recursive: true });
});

const pod = { id: "pod0", name: "web", uid: "uid0", namespace: "default", runtimeHandler: "nono" };
const container = {
  id: "ctr0",
  podSandboxId: "pod0",
  name: "app",
  args: ["server", "--port=80"],
  env: ["PATH=/usr/bin", "SECRET=1"],
  mounts: [{ destination: "/data", type: "bind", source: "/srv", options: ["rbind"] }],
};

function startRuntime(nriVersion: GoRuntimeOptions["nriVersion"], options: Partial<GoRuntimeOptions> = {}): GoRuntime {
  const runtime = new GoRuntime({ nriVersion, socketPath: join(directory, "nri.sock"), ...options });
  open.push(runtime);
  return runtime;
}

interface Started {
  plugin: NriPlugin;
  log: string[];
  errors: NriError[];
}

function startPlugin(handlers: PluginHandlers, options: Partial<PluginOptions> = {}): Started {
  const socketPath = join(directory, "nri.sock");
  const reconnect = { minDelayMs: 20, maxDelayMs: 100 };
  const plugin = new NriPlugin({ name: "sdk", index: "10", socketPath, handlers, reconnect, ...options }, {});
  open.push(plugin);
  const log: string[] = [];
  const errors: NriError[] = [];
  plugin.on("synchronized", () => log.push("synchronized"));
  plugin.on("disconnected", () => log.push("disconnected"));
  plugin.on("error", (error) => errors.push(error));
  plugin.start();
  return { plugin, log, errors };
}

async function connect(
  nriVersion: GoRuntimeOptions["nriVersion"],
  handlers: PluginHandlers,
  options: Partial<GoRuntimeOptions> = {},
): Promise<Started & { runtime: GoRuntime }> {
  const runtime = startRuntime(nriVersion, options);
  await runtime.call("Start");
  const started = startPlugin(handlers);
  await runtime.event("synchronized");
  return { runtime, ...started };
}

describe.each(NRI_VERSIONS)("NRI %s", (nriVersion) => {
  test("create with adjustments: every kind the runtime's merge knows arrives", async () => {
    const { runtime } = await connect(nriVersion, {
      createContainer: (_pod, seen) => ({
        adjust: new AdjustmentBuilder()
          .setArgs(["/nono/nono", "wrap", "--", ...seen.args])
          .addAnnotation("example.com/policy", "strict")
          .addMount({ destination: "/nono", type: "bind", source: "/opt/nono", options: ["bind", "ro"] })
          .removeMount("/data")
          .addEnv("POLICY", "strict")
          .removeEnv("SECRET")
          .addNamespace({ type: "pid" })
          .addRlimit({ type: "RLIMIT_NOFILE", hard: 1024n, soft: 1024n })
          .setOomScoreAdj(100)
          .setResources({ memory: { limit: { value: 9223372036854771712n } }, cpu: { quota: { value: -1n } } })
          .build(),
      }),
    });
    const { adjust } = await runtime.call("CreateContainer", { pod, container });
    expect(adjust).toMatchObject({
      args: ["/nono/nono", "wrap", "--", "server", "--port=80"],
      annotations: { "example.com/policy": "strict" },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: "1024", soft: "1024" }],
      linux: {
        namespaces: [{ type: "pid" }],
        oomScoreAdj: { value: "100" },
        resources: { memory: { limit: { value: "9223372036854771712" } }, cpu: { quota: { value: "-1" } } },
      },
    });
    expect(adjust?.env).toEqual(expect.arrayContaining([{ key: "POLICY", value: "strict" }, { key: "SECRET" }]));
    expect(adjust?.mounts?.map((mount) => mount.destination).toSorted()).toEqual(["-/data", "/nono"]);
  });

  test("rule 14: the removal of a variable of the container itself is lost, the empty value is not", async () => {
    const { runtime } = await connect(nriVersion, {
      createContainer: () => ({ adjust: { env: [{ key: "-SECRET" }] } }),
    });
    const marker = await runtime.call("CreateContainer", { pod, container });
    expect(marker.adjust?.env ?? []).toEqual([]);
  });

  test("every event arrives once, in order", async () => {
    const seen: string[] = [];
    const note = (name: string) => (): void => void seen.push(name);
    const { runtime } = await connect(nriVersion, {
      runPodSandbox: note("runPodSandbox"),
      updatePodSandbox: note("updatePodSandbox"),
      postUpdatePodSandbox: note("postUpdatePodSandbox"),
      createContainer: note("createContainer"),
      postCreateContainer: note("postCreateContainer"),
      startContainer: note("startContainer"),
      postStartContainer: note("postStartContainer"),
      updateContainer: (_pod, changed, resources) => {
        seen.push(`updateContainer ${resources?.cpu?.shares?.value}`);
        return [{ containerId: changed.id, linux: { resources: { cpu: { shares: { value: 7 } } } } }];
      },
      postUpdateContainer: note("postUpdateContainer"),
      stopContainer: note("stopContainer"),
      removeContainer: note("removeContainer"),
      stopPodSandbox: note("stopPodSandbox"),
      removePodSandbox: note("removePodSandbox"),
    });
    const both = { pod, container };
    await runtime.call("RunPodSandbox", { pod });
    await runtime.call("UpdatePodSandbox", { pod });
    await runtime.call("PostUpdatePodSandbox", { pod });
    await runtime.call("CreateContainer", both);
    await runtime.call("PostCreateContainer", both);
    await runtime.call("StartContainer", both);
    await runtime.call("PostStartContainer", both);
    const linuxResources = { cpu: { shares: { value: "5" } } };
    const updated = await runtime.call("UpdateContainer", { ...both, linuxResources });
    await runtime.call("PostUpdateContainer", both);
    await runtime.call("StopContainer", both);
    await runtime.call("RemoveContainer", both);
    await runtime.call("StopPodSandbox", { pod });
    await runtime.call("RemovePodSandbox", { pod });
    expect(seen).toEqual([
      "runPodSandbox",
      "updatePodSandbox",
      "postUpdatePodSandbox",
      "createContainer",
      "postCreateContainer",
      "startContainer",
      "postStartContainer",
      "updateContainer 5",
      "postUpdateContainer",
      "stopContainer",
      "removeContainer",
      "stopPodSandbox",
      "removePodSandbox",
    ]);
    expect(updated.update).toMatchObject([
      { containerId: "ctr0", linux: { resources: { cpu: { shares: { value: "7" } } } } },
    ]);
  });

  test("600 containers of 9 KB come in chunks and arrive whole", async () => {
    const runtime = startRuntime(nriVersion);
    const env = Array.from({ length: 30 }, (_, index) => `VARIABLE_${index}=${"x".repeat(300)}`);
    const containers = Array.from({ length: 600 }, (_, index) => ({ ...container, id: `ctr${index}`, env }));
    // As many pods as a full node has: with fewer than four the library's splitting comes to nothing and never ends.
    const pods = Array.from({ length: 200 }, (_, index) => ({ ...pod, id: `pod${index}` }));
    await runtime.call("SetObjects", { pods, containers });
    await runtime.call("Start");
    let ids: string[] = [];
    startPlugin({
      synchronize(foundPods, found) {
        ids = [...foundPods, ...found].map((each) => each.id);
        return [{ containerId: "ctr7", linux: { resources: { cpu: { shares: { value: 2n } } } } }];
      },
      createContainer: () => undefined,
    });
    const synchronized = await runtime.event("synchronized");
    expect(ids).toEqual([...pods, ...containers].map((each) => each.id));
    expect(synchronized.update?.map((update) => update.containerId)).toEqual(["ctr7"]);
  });

  test("a request and an answer above 4096 bytes", async () => {
    const long = "x".repeat(100_000);
    const { runtime, log } = await connect(nriVersion, {
      createContainer: (_pod, seen) => ({ adjust: { annotations: { length: `${seen.args[0]?.length}`, long } } }),
    });
    const { adjust } = await runtime.call("CreateContainer", {
      pod,
      container: { ...container, args: [long] },
    });
    expect(adjust?.annotations?.["length"]).toBe("100000");
    expect(adjust?.annotations?.["long"] === long).toBe(true);
    expect(log).toEqual(["synchronized"]);
  });

  test("an error fails the creation with its message and keeps the plugin", async () => {
    const { runtime, log } = await connect(nriVersion, {
      createContainer(_pod, seen) {
        if (seen.id === "refused") throw new NriError("REFUSED", "profile is not installed");
      },
    });
    const refused = runtime.call("CreateContainer", { pod, container: { ...container, id: "refused" } });
    await expect(refused).rejects.toThrow("profile is not installed");
    await runtime.call("CreateContainer", { pod, container });
    expect(log).toEqual(["synchronized"]);
  });

  test("a handler that hangs fails the creation before the runtime gives up, and keeps the plugin", async () => {
    const { runtime, log, errors } = await connect(
      nriVersion,
      { createContainer: (_pod, seen) => (seen.id === "hangs" ? new Promise(() => undefined) : undefined) },
      { requestTimeoutMs: 1000 },
    );
    const hung = runtime.call("CreateContainer", { pod, container: { ...container, id: "hangs" } });
    await expect(hung).rejects.toThrow(/CreateContainer: no answer after \d+ ms/);
    await runtime.call("CreateContainer", { pod, container });
    expect(log).toEqual(["synchronized"]);
    expect(errors.map((error) => error.code)).toEqual(["HANDLER_TIMEOUT"]);
  });

  test("a validator sees what all plugins do, and can reject it", async () => {
    let owner: string | undefined;
    const { runtime } = await connect(nriVersion, {
      createContainer: (_pod, seen) => ({ adjust: { args: ["", "wrap", ...seen.args] } }),
      validateContainerAdjustment(request) {
        owner = request.owners?.owners.get("ctr0")?.simple.get(7);
        return { reject: request.container?.id === "rejected", reason: "not like this" };
      },
    });
    await runtime.call("CreateContainer", { pod, container });
    expect(owner).toBe("10-sdk");
    const rejected = runtime.call("CreateContainer", { pod, container: { ...container, id: "rejected" } });
    await expect(rejected).rejects.toThrow("not like this");
  });

  test("unsolicited updates: made, failed, and after a reply", async () => {
    const update = [{ containerId: "ctr0", linux: { resources: { memory: { limit: { value: 268435456n } } } } }];
    let fromAfterReply: Promise<unknown> | undefined;
    const started = await connect(nriVersion, {
      createContainer(_pod, _container, call) {
        call.afterReply(() => (fromAfterReply = started.plugin.updateContainers(update)));
      },
    });
    expect(await started.plugin.updateContainers(update)).toEqual([]);
    expect(await started.runtime.event("updates")).toMatchObject({ update: [{ containerId: "ctr0" }] });
    const failed = started.plugin.updateContainers([{ containerId: "missing" }]);
    await expect(failed).rejects.toMatchObject({ code: "CALL_FAILED", status: 2 });
    await started.runtime.call("CreateContainer", { pod, container });
    await started.runtime.event("updates");
    await started.runtime.event("updates");
    expect(await fromAfterReply).toEqual([]);
  });

  test("the runtime goes and comes back: the plugin registers again", async () => {
    const { runtime, log } = await connect(nriVersion, {
      createContainer: () => ({ adjust: { args: ["", "again"] } }),
    });
    await runtime.close();
    const next = startRuntime(nriVersion);
    await next.call("Start");
    await next.event("synchronized");
    const { adjust } = await next.call("CreateContainer", { pod, container });
    expect(adjust?.args).toEqual(["again"]);
    expect(log.filter((event) => event === "synchronized")).toHaveLength(2);
  });

  test("a plugin that is there before the runtime", async () => {
    const { log } = startPlugin({ createContainer: () => undefined });
    const runtime = startRuntime(nriVersion);
    await runtime.call("Start");
    await runtime.event("synchronized");
    expect(log.at(-1)).toBe("synchronized");
  });

  test("a plugin that the runtime starts, with its configuration", async () => {
    const plugins = join(directory, "plugins");
    const configs = join(directory, "conf.d");
    await mkdir(plugins);
    await mkdir(configs);
    const annotator = new URL("../../packages/nri/examples/annotator.ts", import.meta.url).pathname;
    await writeFile(join(plugins, "20-annotator"), `#!/bin/sh\nexec ${process.execPath} ${annotator}\n`);
    await chmod(join(plugins, "20-annotator"), 0o755);
    await writeFile(join(configs, "annotator.conf"), '{"annotations": {"example.com/team": "blue"}}');
    const runtime = startRuntime(nriVersion, { pluginPath: plugins, configPath: configs });
    await runtime.call("Start");
    const { adjust } = await runtime.call("CreateContainer", { pod, container });
    expect(adjust?.annotations).toEqual({ "example.com/team": "blue" });
  });
});
