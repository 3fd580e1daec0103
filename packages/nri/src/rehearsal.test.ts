import { afterEach, expect, test, vi } from "vitest";
import type { Call, CreateContainerResult, PluginHandlers } from "./handlers.ts";
import { Rehearsal } from "./rehearsal.ts";
import { closeAll, connect, container, pod } from "./testing/pair.ts";

afterEach(closeAll);

/** Rehearsals of the creates that were answered, by other handlers. */
async function keeping(createContainer: NonNullable<PluginHandlers["createContainer"]>) {
  const kept: Rehearsal[] = [];
  const pair = await connect({
    createContainer: (_pod, _container, call) => void kept.push(new Rehearsal(call, { createContainer })),
  });
  return { kept, ...pair };
}

test.each([1, 100_000])(
  "a request with a variable of %d bytes is gone through as often as it is run",
  async (bytes) => {
    const variable = "A".repeat(bytes);
    const seen: unknown[] = [];
    const { kept, peer } = await keeping(({ name }, { id, env }, { method, nriVersion }) => {
      seen.push([method, nriVersion, name, id, env.length, env[0] === variable]);
    });
    await peer.createContainer(pod, { ...container, env: [variable] });
    for (let round = 0; round < 3; round++) kept[0]?.run();
    const [once] = seen;
    expect(once).toEqual(["CreateContainer", [0, 12, 0], "web", "c", 1, true]);
    expect(seen).toEqual([once, once, once]);
  },
);

test("nobody hears of it: neither the runtime nor the listeners for errors, and no task runs", async () => {
  const task = vi.fn<() => void>();
  const handle = vi.fn<(call: Call) => CreateContainerResult>((call) => {
    call.afterReply(task);
    if (handle.mock.calls.length > 1) throw new Error("a defect");
    return { adjust: { args: ["ls"] } };
  });
  const { kept, peer, errors, disconnects } = await keeping((_pod, _container, call) => handle(call));
  await peer.createContainer(pod, container);
  kept[0]?.run();
  kept[0]?.run();
  expect(handle).toHaveBeenCalledTimes(2);
  // An answer that it did not ask for would have the runtime's end drop the connection.
  expect(await peer.createContainer(pod, container)).toMatchObject({ adjust: undefined });
  expect(task).not.toHaveBeenCalled();
  expect([errors, disconnects]).toEqual([[], []]);
});

test("what is no event is refused", async () => {
  let rehearse: (() => Rehearsal) | undefined;
  await connect({
    configure: (_request, call) => void (rehearse = () => new Rehearsal(call, {})),
    createContainer: () => undefined,
  });
  expect(rehearse).toThrow(
    expect.objectContaining({ code: "UNKNOWN_METHOD", message: "Configure cannot be rehearsed" }),
  );
});
