/** The examples as they are: processes of their own, against a fake runtime. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { Event } from "./schema/generated/nri/service.ts";
import { closeAll, closeLater, container, pod } from "./testing/pair.ts";
import { FakeRuntime } from "./testing/fake-runtime.ts";

afterEach(closeAll);

interface Example {
  process: ChildProcess;
  output: () => string;
}

function runExample(name: string, env: Record<string, string>): Example {
  const path = new URL(`../examples/${name}.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [path], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  closeLater({ close: () => Promise.resolve(void child.kill("SIGKILL")) });
  return { process: child, output: () => output };
}

test("the logger prints a line for each event and ends with SIGTERM", async () => {
  const runtime = closeLater(await FakeRuntime.start({ pods: [pod], containers: [container] }));
  const example = runExample("logger", { NRI_SOCKET: runtime.socketPath });
  const peer = await runtime.nextPlugin();
  await peer.createContainer(pod, container);
  await peer.notify(Event.REMOVE_CONTAINER, pod, container);
  await vi.waitFor(() => expect(example.output()).toContain("removeContainer"), { timeout: 20_000 });
  const about = { pod: { id: "p", namespace: "default", name: "web" }, container: { id: "c", name: "app" } };
  const lines: unknown[] = example
    .output()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { event: "configured", name: "containerd", version: "v2.3.7" },
    { event: "synchronize", pods: 1, containers: 1 },
    { event: "createContainer", ...about },
    { event: "removeContainer", ...about },
  ]);
  example.process.kill("SIGTERM");
  expect(await once(example.process, "exit")).toEqual([0, null]);
}, 30_000);

test("the annotator annotates with its environment, or with what the runtime configures", async () => {
  const runtime = closeLater(await FakeRuntime.start({ handshake: false }));
  const environment = { NRI_SOCKET: runtime.socketPath, NRI_ANNOTATIONS: '{"annotations":{"a":"1"}}' };
  runExample("annotator", environment);
  const peer = await runtime.nextPlugin();
  await peer.configure();
  await peer.synchronize([], []);
  expect(Object.fromEntries((await peer.createContainer(pod, container)).adjust?.annotations ?? [])).toEqual({
    a: "1",
  });
  await expect(peer.configure('{"annotations":{"b":2}}')).rejects.toThrow("annotation b is 2, not a string");
  await peer.configure('{"annotations":{"b":"2"}}');
  expect(Object.fromEntries((await peer.createContainer(pod, container)).adjust?.annotations ?? [])).toEqual({
    b: "2",
  });
}, 30_000);
