import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { NriError } from "./errors.ts";
import type { Call } from "./handlers.ts";
import { NriPlugin, type PluginOptions } from "./plugin.ts";
import * as nri from "./schema/generated/nri/service.ts";
import { closeAll, closeLater, connect, container, pod } from "./testing/pair.ts";
import { FakeRuntime } from "./testing/fake-runtime.ts";

afterEach(closeAll);

const nothing = (): void => undefined;
const NAMED = { name: "x", index: "10" };

async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(condition()).toBe(true), { timeout: 20_000, interval: 2 });
}

describe("options", () => {
  const valid: PluginOptions = { ...NAMED, handlers: { createContainer: nothing } };
  test.each<[string, Partial<PluginOptions>, string]>([
    ["a name with a space", { name: "my plugin" }, "INVALID_PLUGIN_NAME"],
    ["no name", { name: "" }, "INVALID_PLUGIN_NAME"],
    ["an index of one digit", { index: "1" }, "INVALID_PLUGIN_INDEX"],
    ["an index of letters", { index: "ab" }, "INVALID_PLUGIN_INDEX"],
    ["a negative time", { answerMarginMs: -1 }, "INVALID_OPTION"],
    ["a time that never ends", { busyPollMs: Infinity }, "INVALID_OPTION"],
    ["a time that no timer can wait", { registrationTimeoutMs: 2 ** 31 }, "INVALID_OPTION"],
    ["a back-off that is not a number", { reconnect: { minDelayMs: NaN, maxDelayMs: 1 } }, "INVALID_OPTION"],
  ])("%s is refused", (_what, options, code) => {
    expect(() => new NriPlugin({ ...valid, ...options }, {})).toThrow(expect.objectContaining({ code }));
  });

  test("what the runtime says in the environment wins", async () => {
    const runtime = closeLater(await FakeRuntime.start());
    const env = { NRI_PLUGIN_NAME: "from-env", NRI_PLUGIN_IDX: "77" };
    const plugin = closeLater(new NriPlugin({ ...valid, socketPath: runtime.socketPath }, env));
    plugin.start();
    const peer = await runtime.nextPlugin();
    expect([peer.name, peer.index]).toEqual(["from-env", "77"]);
  });

  test.each(["three", "-1", "3.5"])("NRI_PLUGIN_SOCKET=%s is refused", (fd) => {
    const invalid = expect.objectContaining({ code: "INVALID_SOCKET_FD" });
    expect(() => new NriPlugin(valid, { NRI_PLUGIN_SOCKET: fd })).toThrow(invalid);
  });

  test("a descriptor that is no socket is refused at the start", () => {
    const invalid = expect.objectContaining({ code: "INVALID_SOCKET_FD" });
    expect(() => new NriPlugin(valid, { NRI_PLUGIN_SOCKET: "987654" }).start()).toThrow(invalid);
  });

  test("start a second time is refused", async () => {
    const { plugin } = await connect({ createContainer: nothing });
    expect(() => plugin.start()).toThrow(NriError);
  });
});

describe("answers", () => {
  test("an NriError is answered with its status and message and is no error event", async () => {
    const { peer, errors } = await connect({
      createContainer() {
        throw new NriError("REFUSED", "profile strict is not installed");
      },
    });
    const refused = { status: 7, message: "CreateContainer: profile strict is not installed" };
    await expect(peer.createContainer(pod, container)).rejects.toMatchObject(refused);
    expect(errors).toEqual([]);
  });

  test("anything else that is thrown is answered with status 2 and is an error event", async () => {
    const { peer, errors } = await connect({
      async createContainer() {
        throw new TypeError("cannot read x of undefined");
      },
    });
    const failed = { status: 2, message: "CreateContainer: cannot read x of undefined" };
    await expect(peer.createContainer(pod, container)).rejects.toMatchObject(failed);
    expect(errors).toMatchObject([{ code: "HANDLER_FAILED", cause: expect.any(TypeError) }]);
  });

  test("an error without a listener becomes a process warning", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const runtime = closeLater(await FakeRuntime.start());
    const handlers = { createContainer: () => Promise.reject(new Error("unheard")) };
    const options = { name: "x", index: "10", socketPath: runtime.socketPath, handlers };
    const plugin = closeLater(new NriPlugin(options, {}));
    plugin.start();
    const peer = await runtime.nextPlugin();
    await expect(peer.createContainer(pod, container)).rejects.toThrow("unheard");
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  test("a request without its pod or container is refused with status 3", async () => {
    const { peer } = await connect({ createContainer: nothing });
    const write = nri.writeCreateContainerRequest;
    const call = peer.call("CreateContainer", write, { pod }, nri.CreateContainerResponse);
    await expect(call).rejects.toMatchObject({ status: 3, message: expect.stringContaining("has no container") });
  });

  test("an adjustment that cannot be encoded, or is too large, is an error and not a missing answer", async () => {
    const { peer } = await connect({
      createContainer: (_pod, { id }) =>
        id === "fraction"
          ? { adjust: { linux: { oomScoreAdj: { value: 0.5 } } } }
          : { adjust: { annotations: { k: "x".repeat(5 * 1024 * 1024) } } },
    });
    await expect(peer.createContainer(pod, { id: "fraction" })).rejects.toMatchObject({ status: 13 });
    await expect(peer.createContainer(pod, { id: "large" })).rejects.toMatchObject({ status: 8 });
  });

  test("handlers may answer out of order", async () => {
    const first = Promise.withResolvers<void>();
    const { peer } = await connect({
      async createContainer(_pod, { id }) {
        if (id === "slow") await first.promise;
        return { adjust: { args: ["", id] } };
      },
    });
    const slow = peer.createContainer(pod, { id: "slow" });
    expect((await peer.createContainer(pod, { id: "fast" })).adjust?.args).toEqual(["", "fast"]);
    first.resolve();
    expect((await slow).adjust?.args).toEqual(["", "slow"]);
  });

  test("updates in answers", async () => {
    const update = [{ containerId: "other", linux: { resources: { cpu: { shares: { value: 2n } } } } }];
    const { peer } = await connect({
      createContainer: () => ({ update }),
      updateContainer: (_pod, _container, resources) => [{ ...update[0], linux: { resources } }],
      stopContainer: async () => update,
      validateContainerAdjustment: () => ({ reject: true, reason: "no" }),
      updatePodSandbox(_pod, overhead, resources) {
        expect([overhead?.pids?.limit, resources?.pids?.limit]).toEqual([1n, 2n]);
      },
    });
    expect((await peer.createContainer(pod, container)).update[0]?.linux?.resources?.cpu?.shares?.value).toBe(2n);
    const pids = { limit: 5n };
    const updated = await peer.updateContainer(pod, container, { pids });
    expect(updated.update[0]?.linux?.resources?.pids?.limit).toBe(5n);
    expect((await peer.stopContainer(pod, container)).update[0]?.containerId).toBe("other");
    expect((await peer.validateContainerAdjustment({ pod, container })).toJSON()).toEqual({
      reject: true,
      reason: "no",
    });
    await peer.updatePodSandbox({
      pod,
      overheadLinuxResources: { pids: { limit: 1 } },
      linuxResources: { pids: { limit: 2 } },
    });
  });

  test("a method without a handler is answered with nothing", async () => {
    const { peer } = await connect({ createContainer: nothing });
    await peer.notify(nri.Event.START_CONTAINER, pod, container);
    expect((await peer.stopContainer(pod, container)).toJSON()).toEqual({});
    await peer.shutdown();
  });
});

describe("a listener that throws", () => {
  test("is an error event; the answer and what was to follow it stand", async () => {
    const runtime = closeLater(await FakeRuntime.start());
    const ran: string[] = [];
    const handlers = {
      synchronize: (_pods: unknown, _containers: unknown, call: Call) => call.afterReply(() => ran.push("after")),
      createContainer: nothing,
    };
    const plugin = closeLater(new NriPlugin({ ...NAMED, socketPath: runtime.socketPath, handlers }, {}));
    plugin.on("synchronized", () => {
      throw new Error("a listener's defect");
    });
    const errors: NriError[] = [];
    plugin.on("error", (error) => errors.push(error));
    plugin.start();
    await runtime.nextPlugin();
    await until(() => ran.length > 0);
    expect(errors).toMatchObject([{ code: "HANDLER_FAILED", message: "a listener's defect" }]);
  });
});

describe("afterReply", () => {
  test("runs after the answer's bytes were handed over, in order, also for a refusal", async () => {
    const order: string[] = [];
    const { peer } = await connect({
      createContainer(_pod, { id }, call) {
        call.afterReply(() => order.push(`${id} 1`));
        call.afterReply(() => order.push(`${id} 2`));
        order.push(id);
        if (id === "b") throw new NriError("REFUSED", "no");
      },
    });
    await peer.createContainer(pod, { id: "a" });
    await expect(peer.createContainer(pod, { id: "b" })).rejects.toThrow("no");
    await until(() => order.length === 6);
    expect(order).toEqual(["a", "a 1", "a 2", "b", "b 1", "b 2"]);
  });

  test("a task that throws is an error event and does not stop the others", async () => {
    let ran = false;
    const { peer, errors } = await connect({
      createContainer(_pod, _container, call) {
        call.afterReply(() => {
          throw new Error("disk full");
        });
        call.afterReply(() => (ran = true));
      },
    });
    await peer.createContainer(pod, container);
    await until(() => ran);
    expect(errors).toMatchObject([{ message: "disk full" }]);
  });

  test("does not run when the connection was gone", async () => {
    const running = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const ran: string[] = [];
    let signal: AbortSignal | undefined;
    const { peer, disconnects } = await connect({
      async createContainer(_pod, _container, call) {
        signal = call.signal;
        call.afterReply(() => ran.push("after"));
        running.resolve();
        await finish.promise;
      },
    });
    const created = peer.createContainer(pod, container).catch(() => undefined);
    await running.promise;
    peer.disconnect();
    await created;
    await until(() => disconnects.length > 0);
    expect(signal?.aborted).toBe(true);
    finish.resolve();
    await sleep(5);
    expect(ran).toEqual([]);
  });
});
