import { Event, NriError, Rehearsal } from "@kubefence/nri";
import { FakeRuntime, type ConnectedPlugin, type FakeRuntimeOptions } from "@kubefence/nri/testing";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { RuntimeConnection } from "./connection.ts";
import { TestDaemon } from "./testing/daemon.ts";
import { bindMount, configuration } from "./testing/inputs.ts";

/** The daemon connected to a fake runtime over a real socket. */
class Connected implements AsyncDisposable {
  readonly runtime: FakeRuntime;
  readonly daemon: TestDaemon;
  readonly connection: RuntimeConnection;
  readonly plugin: ConnectedPlugin;
  readonly ends: string[];

  private constructor(
    runtime: FakeRuntime,
    daemon: TestDaemon,
    connection: RuntimeConnection,
    plugin: ConnectedPlugin,
    ends: string[],
  ) {
    this.runtime = runtime;
    this.daemon = daemon;
    this.connection = connection;
    this.plugin = plugin;
    this.ends = ends;
  }

  static async open(options: FakeRuntimeOptions = {}): Promise<Connected> {
    const runtime = await FakeRuntime.start(options);
    const daemon = new TestDaemon({ configuration: configuration({ socketPath: runtime.socketPath }) });
    const ends: string[] = [];
    const connection = new RuntimeConnection(
      daemon,
      { name: "nono-nri", index: "10" },
      (reason) => void ends.push(reason),
    );
    connection.start();
    return new Connected(runtime, daemon, connection, await runtime.nextPlugin(), ends);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close(100);
    await this.runtime.close();
    this.daemon[Symbol.dispose]();
  }
}

const pod = {
  id: "sandbox1",
  uid: "pod-uid",
  name: "web",
  namespace: "team-a",
  runtimeHandler: "nono-runc",
  annotations: { "nono.sh/profile": "workspace" },
};
const data = bindMount("/data", "/var/lib/kubelet/pods/pod-uid/volumes/kubernetes.io~empty-dir/data");
const container = {
  id: "c1",
  args: ["nginx"],
  env: ["PATH=/bin"],
  mounts: [data],
  linux: { namespaces: [{ type: "pid" }] },
};

describe("registration", () => {
  test("as the original, with what is new: validation, failure policy, and only the events that are needed", async () => {
    await using connected = await Connected.open();
    const { plugin } = connected;
    expect([plugin.index, plugin.name]).toEqual(["10", "nono-nri"]);
    const events = [
      Event.CREATE_CONTAINER,
      Event.STOP_CONTAINER,
      Event.REMOVE_CONTAINER,
      Event.VALIDATE_CONTAINER_ADJUSTMENT,
    ];
    expect(plugin.configuration?.events).toBe(events.reduce((mask, event) => mask | (1 << (event - 1)), 0));
    expect(plugin.configuration?.failurePolicy).toMatchObject({ failRequest: true, keepConnected: true });
    expect(connected.connection.readiness).toEqual({ registered: true, synchronized: true, launcher: true });
  });

  test("the log names the runtime and its version", async () => {
    await using connected = await Connected.open();
    await expect
      .poll(() => connected.daemon.logged("configured"))
      .toEqual([
        {
          level: "INFO",
          message: "configured",
          attributes: { plugin: "10-nono-nri", runtime: "containerd/v2.3.7", nri_version: "v0.12.0" },
        },
      ]);
  });

  test("with a runtime that is too old succeeds, and every container of our class is refused", async () => {
    await using connected = await Connected.open({ version: "1.7.34", nriVersion: "" });
    await expect.poll(() => connected.daemon.logged("runtime not supported")).toMatchObject([{ level: "ERROR" }]);
    await expect(connected.plugin.createContainer(pod, container)).rejects.toThrow(
      /RUNTIME_TOO_OLD: .*"containerd 1\.7\.34".*; upgrade it to containerd 2\.2\.0 or later/,
    );
    const skipped = await connected.plugin.createContainer({ ...pod, runtimeHandler: "" }, container);
    expect(skipped.adjust).toBeUndefined();
    expect(connected.connection.readiness).toMatchObject({ registered: true });
  });
});

test("creates that are rehearsed in the pauses of a burst leave nothing behind", async () => {
  await using connected = await Connected.open();
  const { plugin, daemon } = connected;
  using run = vi.spyOn(Rehearsal.prototype, "run");
  for (let count = 0; count < 50; count++) {
    await plugin.createContainer(pod, { ...container, id: `c${count}` });
    await plugin.createContainer({ ...pod, runtimeHandler: "" }, { ...container, id: `skipped${count}` });
  }
  await expect.poll(() => run.mock.calls.length, { timeout: 20_000 }).toBe(400);
  expect(run.mock.results.every(({ type }) => type === "return")).toBe(true);
  await daemon.state.idle();
  expect([daemon.logged("injected").length, daemon.logged("skip").length]).toEqual([50, 50]);
  expect(daemon.decisions.filter((decision) => /^(inject|skip)/.test(decision)).length).toBe(100);
  // The first container, which is the one that is rehearsed, is no longer among those whose validation is to come.
  expect(daemon.expectations.get("c0")).toBeUndefined();
  expect(daemon.expectations.get("c49")).toBeDefined();
});

describe("a container's life on the wire", () => {
  test("created under the launcher, validated, stopped, removed", async () => {
    await using connected = await Connected.open();
    const { plugin, daemon } = connected;
    const { adjust } = await plugin.createContainer(pod, container);
    expect(adjust?.args).toEqual("/nono/nono wrap --profile workspace --rw /data -- nginx".split(" "));
    expect(
      adjust?.mounts.map(({ destination, source, type, options }) => [destination, source, type, options]),
    ).toEqual([["/nono", "/opt/nono-nri", "bind", ["bind", "ro", "rprivate"]]]);
    expect(adjust?.env.map(({ key, value }) => `${key}=${value}`)).toEqual([
      "-NONO_PROFILE=",
      "NONO_PROFILE=workspace",
      "-PATH=",
      "PATH=/nono:/bin",
    ]);

    const owner = "10-nono-nri";
    const owners = {
      owners: {
        c1: {
          simple: new Map([[7, owner]]),
          compound: new Map([
            [2, { owners: { "/nono": owner } }],
            [6, { owners: { PATH: owner, NONO_PROFILE: owner } }],
          ]),
        },
      },
    };
    const merged = {
      args: adjust?.args ?? [],
      mounts: [{ destination: "/nono", source: "/opt/nono-nri", type: "bind", options: ["bind", "ro", "rprivate"] }],
      env: [
        { key: "NONO_PROFILE", value: "workspace" },
        { key: "PATH", value: "/nono:/bin" },
      ],
    };
    expect(await plugin.validateContainerAdjustment({ pod, container, adjust: merged, owners })).toMatchObject({
      reject: false,
    });

    await daemon.state.idle();
    expect(readdirSync(join(daemon.stateDirectory, "pod-uid"))).toEqual(["c1"]);
    await plugin.stopContainer(pod, container);
    await plugin.notify(Event.REMOVE_CONTAINER, pod, container);
    await expect
      .poll(() => daemon.records.map(({ message }) => message))
      .toEqual(["configured", "synchronized", "injected", "container-stopping", "container-removed"]);
    await daemon.state.idle();
    expect(existsSync(join(daemon.stateDirectory, "pod-uid"))).toBe(false);
    expect(daemon.logged("container-stopping")[0]?.attributes).toEqual({
      container_id: "c1",
      pod: "web",
      namespace: "team-a",
    });
  });

  test("removal as StateChange, of a pod that the runtime no longer knows", async () => {
    await using connected = await Connected.open({ version: "v2.2.5", nriVersion: "" });
    const { plugin, daemon } = connected;
    await plugin.createContainer(pod, container);
    await daemon.state.idle();
    await expect.poll(() => existsSync(join(daemon.stateDirectory, "pod-uid", "c1"))).toBe(true);
    await plugin.notify(Event.REMOVE_CONTAINER, {}, container);
    await expect.poll(() => existsSync(join(daemon.stateDirectory, "pod-uid"))).toBe(false);
    expect(daemon.logged("container-removed")[0]?.attributes).toEqual({ container_id: "c1", pod: "", namespace: "" });
    expect(daemon.logged("state")).toEqual([]);
  });

  test("a refusal arrives as PERMISSION_DENIED, and the plugin stays", async () => {
    await using connected = await Connected.open();
    const { plugin } = connected;
    const refused = plugin.createContainer(pod, { ...container, mounts: [bindMount("/nono/", "/evil")] });
    await expect(refused).rejects.toThrow(/MOUNT_OVER_LAUNCHER/);
    await expect(refused).rejects.toBeInstanceOf(NriError);
    await expect(refused).rejects.toMatchObject({ status: 7 });
    expect((await plugin.createContainer(pod, container)).adjust).toBeDefined();
  });

  test("a container that we never answered for is rejected at validation", async () => {
    await using connected = await Connected.open();
    const answer = await connected.plugin.validateContainerAdjustment({ pod, container: { id: "late" }, adjust: {} });
    expect(answer.reject).toBe(true);
    expect(answer.reason).toContain("ADJUSTMENT_LOST");
  });
});

describe("connections that come and go", () => {
  test("after a restart of the runtime the plugin is back, and forgets what it answered before", async () => {
    await using connected = await Connected.open();
    const { runtime, daemon, connection } = connected;
    await connected.plugin.createContainer(pod, container);
    expect(daemon.expectations.size).toBe(1);
    await runtime.stop();
    await expect.poll(() => connection.readiness).toMatchObject({ registered: false, synchronized: false });
    expect(daemon.expectations.size).toBe(0);
    await runtime.listen();
    const again = await runtime.nextPlugin();
    expect((await again.createContainer(pod, container)).adjust).toBeDefined();
    expect(daemon.logged("connection to the runtime lost")).toHaveLength(1);
    expect(daemon.decisions).toContain("reconnected");
    expect(connected.ends).toEqual([]);
  });

  test("no socket yet: it waits, with one record for the outage", async () => {
    await using connected = await Connected.open();
    await connected.runtime.stop();
    await expect.poll(() => connected.daemon.logged("connection to the runtime lost").length).toBe(1);
    await new Promise((resolve) => void setTimeout(resolve, 500));
    expect(connected.daemon.records.filter(({ level }) => level === "WARN")).toHaveLength(1);
    expect(connected.connection.readiness).toMatchObject({ registered: false });
  });
});

describe("two instances on one node", () => {
  test("the newer one answers; the older one is back when that is gone", async () => {
    await using older = await Connected.open();
    const { runtime, daemon } = older;
    const newerDaemon = new TestDaemon({ configuration: daemon.node.configuration });
    const identity = { name: "nono-nri", index: "10" };
    Object.assign(newerDaemon.node.configuration, { stateDirectory: daemon.stateDirectory });
    const newer = new RuntimeConnection(newerDaemon, identity, () => undefined);
    newer.start();
    const plugin = await runtime.nextPlugin();
    // The older connection was closed before the newer one had answered Synchronize.
    expect(newerDaemon.logged("took over")).toMatchObject([{ attributes: { instances: 1 } }]);
    expect(daemon.logged("retired")).toHaveLength(1);
    expect(older.connection.readiness).toMatchObject({ registered: false });
    expect((await plugin.createContainer(pod, container)).adjust).toBeDefined();

    await newer.close(100);
    const again = await runtime.nextPlugin();
    expect((await again.createContainer(pod, container)).adjust).toBeDefined();
    expect(daemon.logged("newer instance gone")).toHaveLength(1);
    expect(daemon.logged("connection to the runtime lost")).toEqual([]);
    expect(older.ends).toEqual([]);
    newerDaemon[Symbol.dispose]();
  });

  test("a retired one ends as ever", async () => {
    const older = await Connected.open();
    const newerDaemon = new TestDaemon({ configuration: older.daemon.node.configuration });
    Object.assign(newerDaemon.node.configuration, { stateDirectory: older.daemon.stateDirectory });
    const newer = new RuntimeConnection(newerDaemon, { name: "nono-nri", index: "10" }, () => undefined);
    newer.start();
    await older.runtime.nextPlugin();
    await older.connection.close(100);
    await newer.close(100);
    expect(older.daemon.logged("newer instance gone")).toEqual([]);
    await older[Symbol.asyncDispose]();
    newerDaemon[Symbol.dispose]();
  });
});

test("500 containers at synchronize, in chunks, are all looked at", async () => {
  const containers = Array.from({ length: 500 }, (_, index) => ({
    id: `c${index}`,
    podSandboxId: "sandbox1",
    args: ["nginx"],
  }));
  await using connected = await Connected.open({ pods: [pod], containers });
  await expect.poll(() => connected.daemon.logged("synchronized").length).toBe(1);
  expect(connected.daemon.logged("unsandboxed")).toHaveLength(500);
});
