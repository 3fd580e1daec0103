import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";
import { runProbe } from "../stack/probe.ts";

// A plugin that hangs makes the runtime wait for its time-out (2 s here). The container must then be refused, not created
// without its sandbox.

const test = testWithPlugin();

test("a hanging plugin refuses the container, and works again when it goes on", async ({ plugin, runSandboxedPod }) => {
  const pod = await runSandboxedPod({ name: "hanging" });
  const { pid = 0 } = plugin;
  process.kill(pid, "SIGSTOP");
  try {
    const created = pod.createContainer({ name: "main", image: images.busybox, command: ["cat", "/etc/shadow"] });
    await expect(created).rejects.toThrow(/nono-nri|nri/i);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await expect
    .poll(() => plugin.log.records().filter(({ msg }) => msg === "synchronized").length, { timeout: 20_000 })
    .toBe(2);
  // The late answer was not taken, so nothing says that the container was sandboxed.
  const injected = plugin.log.records().filter(({ msg, pod: name }) => msg === "injected" && name === "hanging");
  expect(injected).toEqual([]);
  expect(plugin.records(pod.uid)).toEqual([]);

  const fresh = await runSandboxedPod({ name: "fresh" });
  expect(await runProbe(fresh, { operations: ["read:/etc/shadow"] })).toEqual({ "read:/etc/shadow": "EACCES" });
  expect(plugin.pid).toBe(pid);
});
